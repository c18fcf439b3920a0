import { join } from "node:path";
import { usernameKey } from "../../src/accounts/username.ts";
import { createCore } from "../../src/app/core.ts";
import { createServices } from "../../src/app/front.ts";
import { accessGrant } from "../../src/authn/access-grant.ts";
import { scopesOfRoles } from "../../src/authn/scopes.ts";
import type { Secrets } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import type { PosternEnv } from "../../src/http/request-facts.ts";
import type { Services } from "../../src/http/services.ts";
import { newId, randomId } from "../../src/lib/ids.ts";
import type { Observation } from "../../src/observe/observation.ts";
import { nodePasswords } from "../../src/runtime/node/argon2.ts";
import { nodeDigests } from "../../src/runtime/node/digests.ts";
import { nodeSignatureCheck } from "../../src/runtime/node/signature.ts";
import { importNodeSigner } from "../../src/runtime/node/signer.ts";
import { openDatabase } from "../../src/runtime/node/sqlite-open.ts";
import type { Channel } from "../../src/sessions/session.ts";
import { type Operation, type OperationInput, type OperationOutput, storeOver } from "../../src/stores/operations.ts";
import { sqliteStore } from "../../src/stores/sqlite/store.ts";
import { StoreUnavailable } from "../../src/stores/store.ts";
import { atEnd } from "./at-end.ts";
import { tempDir } from "./temp-dir.ts";

export const ADMIN_TOKEN = "an admin token of more than 32 characters";
const SECRET = "a secret for tests that is long enough: 0123456789";

export interface TestLogin {
  readonly sub: string;
  readonly sid: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** What a transport hands to the endpoints beside a request with these headers. */
export const environment = (headers: Headers = new Headers()): PosternEnv["Bindings"] => ({
  peer: "127.0.0.1",
  address: "192.0.2.1",
  headers: [...headers].flat(),
  plainHttp: false,
});

/** What the endpoints work with, all of it real, on a store in this process whose clock and reachability a test controls. */
export interface TestServices {
  readonly services: Services;
  readonly observed: readonly Observation[];
  /** Moves every clock on by so many milliseconds. */
  advance(milliseconds: number): void;
  /** Runs `work` while the store cannot be reached. */
  withoutStore<T>(work: () => Promise<T>): Promise<T>;
  /** A session of `username` (default alice), who is made with `roles` (default user) where there is none yet. */
  logIn(options?: {
    readonly username?: string;
    readonly roles?: readonly string[];
    readonly channel?: Channel;
  }): Promise<TestLogin>;
}

export async function testServices(input: Readonly<Record<string, unknown>> = {}): Promise<TestServices> {
  const parsed = parseConfig({ issuer: "https://app.example.com", routes: [], upstreams: {}, ...input });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { config } = parsed;
  const secrets: Secrets = { secret: SECRET, previous: null, adminToken: ADMIN_TOKEN };
  const observed: Observation[] = [];
  const observe = (event: Observation) => void observed.push(event);
  let ahead = 0;
  const now = () => Date.now() + ahead;
  let reachable = true;

  const operations = sqliteStore(openDatabase(join(await tempDir(), "postern.db"), 1000), now);
  const call = async <K extends Operation>(operation: K, argument: OperationInput<K>): Promise<OperationOutput<K>> => {
    if (!reachable) throw new StoreUnavailable("the test has taken the store away");
    const run: (given: OperationInput<K>) => OperationOutput<K> = operations[operation];
    return run(argument);
  };
  const store = storeOver(call, async () => {});

  const core = await createCore({
    ...{ config, secrets, store, observe, now, monotonic: now, version: "test" },
    ...{ signature: nodeSignatureCheck, importSigner: importNodeSigner, digests: nodeDigests },
    ...{ feedInterval: 1000, feedWait: 0 },
    wait: async (milliseconds) => {
      ahead += milliseconds;
    },
  });
  await core.keyRing.refresh();
  await core.catchUp();
  observed.length = 0;
  // As little work as argon2 takes: what hashing costs is tested by itself.
  const passwords = nodePasswords({ ...config.passwords, memory: 8, iterations: 1 });
  atEnd(async () => passwords.release());
  const services = createServices(core, { config, configHash: "test", passwords });
  const { refreshTokens, accessTokens } = services;
  const limits = config.sessions;

  const origin = { actor: "test", address: null };
  return {
    services,
    observed,
    advance: (milliseconds) => {
      ahead += milliseconds;
    },
    async withoutStore(work) {
      reachable = false;
      try {
        return await work();
      } finally {
        reachable = true;
      }
    },
    async logIn({ username = "alice", roles = ["user"], channel = "body" } = {}) {
      const name = { username, usernameKey: usernameKey(username) };
      const known = await store.userByName(name);
      const sub = known?.id ?? newId("u");
      if (known === null) await store.createUser({ user: { id: sub, ...name, passwordHash: null, roles }, origin });
      const r = randomId();
      const session = {
        sid: newId("s"),
        sub,
        clientId: "postern",
        channel,
        amr: ["pwd"],
        scopes: null,
        rHash: await refreshTokens.hashOf(r),
        secretId: refreshTokens.secretId,
        context: "other/other",
        address: "192.0.2.1",
        userAgent: "",
      };
      const created = await store.createSession({ session, limits, expectedHash: null, replace: null, origin });
      if (!created.ok) throw new Error(created.reason);
      const scopes = scopesOfRoles(created.user.roles, config.roles);
      const access = await accessTokens.issue(accessGrant(created.user, created.session, scopes, created.issuedAt));
      const { sid, secretId } = session;
      const refreshToken = await refreshTokens.encode({ channel, secretId, sub, sid, generation: 0, r });
      return { sub, sid, accessToken: access.token, refreshToken };
    },
  };
}
