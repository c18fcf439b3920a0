import type { Decision } from "../../src/app/decision.ts";
import type { Connection } from "../../src/app/endpoints.ts";
import type { Front } from "../../src/app/gateway.ts";
import type { OpenStream } from "../../src/app/open-streams.ts";
import type { ListenerTls } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { problemResponse } from "../../src/http/problem.ts";
import { firstHeader } from "../../src/lib/header-list.ts";
import type { Observation } from "../../src/observe/observation.ts";
import { judge } from "../../src/policy/judge.ts";
import { BEARER_SUBPROTOCOL } from "../../src/protocol/names.ts";
import { RevocationView } from "../../src/revocation/view.ts";
import { reservedPaths } from "../../src/routing/reserved.ts";
import { createRouter } from "../../src/routing/router.ts";
import type { Listener } from "../../src/runtime/node/http-listener.ts";
import { createListener } from "../../src/runtime/node/listener.ts";
import type { Principal } from "../../src/tokens/principal.ts";
import { listen } from "../support/listen.ts";

export interface TestGateway {
  readonly url: string;
  readonly port: number;
  readonly listener: Listener;
  /** Since it listens. */
  readonly observed: Observation[];
  /** What its transport has told of: what is open now, and everything that ever was. */
  readonly streams: { readonly open: ReadonlySet<OpenStream>; readonly all: readonly OpenStream[] };
  /** Requests that reached Postern's own endpoints. */
  readonly answered: Request[];
  close(): Promise<void>;
}

const TOKEN = /^Bearer good-(\w+)$/;

/** A listener over a gateway whose tokens are `good-NAME`: all of the transport, none of the accounts. */
export async function startTestGateway(
  input: Readonly<Record<string, unknown>>,
  answer: (request: Request, connection: Connection) => Promise<Response> = async (request) =>
    Response.json({ method: request.method, url: request.url, body: await request.text() }),
  /** Parts that a test replaces, and what the listener's TLS has in its files. */
  { tls, ...replaced }: Partial<Front> & { readonly tls?: ListenerTls } = {},
): Promise<TestGateway> {
  const parsed = parseConfig({ issuer: "https://app.example.com", ...input });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const config = tls === undefined ? parsed.config : { ...parsed.config, tls };
  const router = createRouter(config.routes, reservedPaths(config));
  const observed: Observation[] = [];
  const answered: Request[] = [];
  const streams = { open: new Set<OpenStream>(), all: [] as OpenStream[] };
  const endpoints = (request: Request, connection: Connection) => {
    answered.push(request);
    return answer(request, connection);
  };

  function decide({ method, target, headers }: Parameters<Front["decide"]>[0]): Decision {
    const match = router.match(method, firstHeader(headers, "host"), target);
    switch (match.kind) {
      case "ambiguous_path":
      case "not_found":
        return { kind: "refuse", route: null, problem: { code: match.kind } };
      case "method_not_allowed":
        return { kind: "refuse", route: null, problem: { code: match.kind, allow: match.allow } };
      case "route": {
        const { route } = match;
        const [announced, token] = firstHeader(headers, "sec-websocket-protocol")?.split(/, ?/) ?? [];
        const offered = announced === BEARER_SUBPROTOCOL ? `Bearer ${token}` : "";
        const shown = firstHeader(headers, "authorization") ?? offered;
        const name = route.access.kind === "public" ? undefined : TOKEN.exec(shown)?.[1];
        const principal = name === undefined ? null : principalOf(name);
        const problem = judge(route.access, principal, Date.now());
        if (problem !== null) return { kind: "refuse", route, problem };
        return { kind: "pass", route, principal, cookies: [] };
      }
    }
  }

  const gateway: Front = {
    config,
    decide,
    endpoints,
    tooLarge: () => problemResponse({ code: "too_large" }),
    operations: endpoints,
    observe: (event) => void observed.push(event),
    isReserved: (target) => router.isReserved(target),
    // By turns at once and later: both ways must work.
    identityHeaders: (principal) => {
      const headers = [config.identityHeaders.user, principal.sub];
      return observed.length % 2 === 0 ? headers : Promise.resolve(headers);
    },
    revocations: new RevocationView(),
    streams: {
      counts: { websocket: 0, event_stream: 0, response: 0, download: 0 },
      add(stream) {
        streams.open.add(stream);
        streams.all.push(stream);
      },
      remove: (stream) => void streams.open.delete(stream),
    },
    ...replaced,
  };
  const listener = createListener(gateway);
  observed.length = 0;
  const { port, close } = await listen(listener.server, 0, () => listener.close(0));
  return { listener, url: `http://127.0.0.1:${port}`, port, observed, streams, answered, close };
}

const principalOf = (name: string): Principal => ({
  sub: name,
  name,
  sid: "s_1",
  clientId: "postern",
  jti: "j",
  kid: "k",
  issuedAt: 0,
  exp: 0,
  authTime: null,
  amr: [],
  roles: [],
  scopes: [],
});
