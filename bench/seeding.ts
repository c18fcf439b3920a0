import { createSecretRing } from "../src/keys/secrets.ts";
import { newId, randomId } from "../src/lib/ids.ts";
import { nodeDigests } from "../src/runtime/node/digests.ts";
import { openStore } from "../src/runtime/node/open-store.ts";
import { createRefreshTokens } from "../src/sessions/refresh-token-codec.ts";
import type { Store } from "../src/stores/store.ts";
import { makeMany } from "./postern-client.ts";

const DAY = 24 * 60 * 60 * 1000;
const ABREAST = 32;
const ORIGIN = { actor: "bench", address: "192.0.2.7" };
const USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const LIMITS = { idle: 14 * DAY, absolute: 90 * DAY, grace: 1000, maxPerUser: 100 };

export interface SeededSession {
  readonly sub: string;
  readonly sid: string;
  /** Of the first generation, for the body. */
  readonly refresh: string;
}

/** A store of gateways that run or will run, used as they use it: to make by the thousand what takes a password each over HTTP. */
export class Seeding {
  readonly store: Store;
  readonly #refreshTokens: ReturnType<typeof createRefreshTokens>;

  private constructor(store: Store, refreshTokens: ReturnType<typeof createRefreshTokens>) {
    this.store = store;
    this.#refreshTokens = refreshTokens;
  }

  static async on(gateways: { readonly store: string; readonly secret: string }): Promise<Seeding> {
    const { store: url, secret } = gateways;
    const file = /^sqlite:(.*)$/.exec(url)?.[1];
    const address = file === undefined ? ({ kind: "redis", url } as const) : ({ kind: "sqlite", file } as const);
    const ring = await createSecretRing({ secret, previous: null });
    return new Seeding(await openStore(address, { timeout: 30_000 }), createRefreshTokens(ring, nodeDigests));
  }

  /** Users without a password; their ids. */
  users(count: number): Promise<readonly string[]> {
    return makeMany(count, ABREAST, async () => {
      const id = newId("u");
      const user = { id, username: id, usernameKey: id.toLowerCase(), passwordHash: null, roles: ["user"] };
      const made = await this.store.createUser({ user, origin: ORIGIN });
      if (!made.ok) throw new Error("a user could not be made");
      return id;
    });
  }

  /** Refresh tokens of as many new sessions, of these users in turn. */
  async refreshTokens(count: number, subs: readonly string[]): Promise<readonly string[]> {
    return (await this.sessions(count, subs)).map(({ refresh }) => refresh);
  }

  /** Logins of these users in turn. */
  sessions(count: number, subs: readonly string[]): Promise<readonly SeededSession[]> {
    return makeMany(count, ABREAST, (index) => this.#session(subs[index % subs.length] ?? ""));
  }

  async #session(sub: string): Promise<SeededSession> {
    const [sid, r] = [newId("s"), randomId()];
    const { secretId } = this.#refreshTokens;
    const session = { sid, sub, clientId: "postern", channel: "body", amr: ["pwd"], scopes: null } as const;
    const device = { context: "gecko/linux", address: "192.0.2.7", userAgent: USER_AGENT };
    const rHash = await this.#refreshTokens.hashOf(r);
    const login = { limits: LIMITS, expectedHash: null, replace: null, origin: ORIGIN };
    const made = await this.store.createSession({ session: { ...session, ...device, rHash, secretId }, ...login });
    if (!made.ok) throw new Error("a session could not be made");
    return {
      sub,
      sid,
      refresh: await this.#refreshTokens.encode({ channel: "body", secretId, sub, sid, generation: 0, r }),
    };
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
