import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { StoreAddress } from "../../src/config/config.ts";
import { type DemoUpstream, startDemoUpstream } from "../support/demo-upstream.ts";
import { type GatewayOptions, type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { type Answer, Browser } from "../support/http-client.ts";
import { ROLES } from "../support/people.ts";
import { type SeededSession, seedSessions } from "../support/seeded-sessions.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Two gateways in processes of their own, on one store, with one issuer, in front of one upstream on `/api/*`. */
export interface GatewayPair {
  readonly a: GatewayProcess;
  readonly b: GatewayProcess;
  readonly upstream: DemoUpstream;
  readonly sessions: readonly SeededSession[];
  /** One more gateway like these, in the place of one that is gone, or beside them. */
  another(options?: Omit<GatewayOptions, "like">): Promise<GatewayProcess>;
  /** The admin API of one of them, with the admin token. */
  admin(
    at: GatewayProcess,
    path: string,
    call?: { readonly method?: string; readonly json?: unknown },
  ): Promise<Answer>;
}

export interface FilePair extends GatewayPair {
  readonly file: string;
}

/** On one database file. `sessions`: how many logins of a minute ago it begins with. */
export async function startGatewayPair(
  config: Readonly<Record<string, unknown>> = {},
  sessions = 0,
): Promise<FilePair> {
  const file = join(await tempDir(), "postern.db");
  return { ...(await startPairOn({ kind: "sqlite", file }, { config, sessions })), file };
}

export interface PairOptions {
  readonly config?: Readonly<Record<string, unknown>>;
  /** How many logins of a minute ago the store begins with. */
  readonly sessions?: number;
  /** The store cannot be reached yet. */
  readonly unready?: boolean;
}

export async function startPairOn(store: StoreAddress, options: PairOptions = {}): Promise<GatewayPair> {
  const secret = randomBytes(32).toString("base64url");
  const { sessions = 0, unready = false } = options;
  const seeded = sessions === 0 ? [] : await seedSessions(store, secret, sessions);
  const upstream = await startDemoUpstream();
  const shared = {
    store: store.kind === "sqlite" ? `sqlite:${store.file}` : store.url,
    roles: ROLES,
    upstreams: { orders: { targets: [upstream.url] } },
    routes: [{ path: "/api/*", upstream: "orders", access: "required" }],
    ...options.config,
  };
  const a = await startGateway(shared, { env: { POSTERN_SECRET: secret }, unready });
  const another: GatewayPair["another"] = (more = {}) =>
    startGateway({ ...shared, issuer: a.issuer }, { like: a, unready, ...more });
  return {
    ...{ a, b: await another(), upstream, sessions: seeded, another },
    admin: (at, path, call = {}) =>
      new Browser(at.operationsUrl).fetch(`/admin${path}`, {
        ...call,
        headers: { authorization: `Bearer ${at.adminToken}` },
      }),
  };
}

/** Shows a body's refresh token at a gateway. */
export const refreshAt = (at: GatewayProcess, token: string): Promise<Answer> => new Browser(at.url).refresh(token);

export const successorOf = (answer: Answer): string => answer.json<{ refresh_token: string }>().refresh_token;
