import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type DemoUpstream, startDemoUpstream } from "../support/demo-upstream.ts";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { type Answer, Browser } from "../support/http-client.ts";
import { ROLES } from "../support/people.ts";
import { type SeededSession, seedSessions } from "../support/seeded-sessions.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Two gateways in processes of their own, on one database file, with one issuer, in front of one upstream on `/api/*`. */
export interface GatewayPair {
  readonly a: GatewayProcess;
  readonly b: GatewayProcess;
  readonly file: string;
  readonly upstream: DemoUpstream;
  readonly sessions: readonly SeededSession[];
  /** One more gateway like these, in the place of one that is gone. */
  another(): Promise<GatewayProcess>;
  /** The admin API of one of them, with the admin token. */
  admin(
    at: GatewayProcess,
    path: string,
    call?: { readonly method?: string; readonly json?: unknown },
  ): Promise<Answer>;
}

/** `sessions`: how many logins of a minute ago the database begins with. */
export async function startGatewayPair(
  config: Readonly<Record<string, unknown>> = {},
  sessions = 0,
): Promise<GatewayPair> {
  const file = join(await tempDir(), "postern.db");
  const secret = randomBytes(32).toString("base64url");
  const seeded = await seedSessions(file, secret, sessions);
  const upstream = await startDemoUpstream();
  const shared = {
    store: `sqlite:${file}`,
    roles: ROLES,
    upstreams: { orders: { targets: [upstream.url] } },
    routes: [{ path: "/api/*", upstream: "orders", access: "required" }],
    ...config,
  };
  const a = await startGateway(shared, { env: { POSTERN_SECRET: secret } });
  const another = (): Promise<GatewayProcess> => startGateway({ ...shared, issuer: a.issuer }, { like: a });
  return {
    ...{ a, b: await another(), file, upstream, sessions: seeded, another },
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
