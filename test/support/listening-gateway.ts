import { inject } from "vitest";
import type { Gateway } from "../../src/app/gateway.ts";
import type { Config } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { createListener } from "../../src/runtime/node/listener.ts";
import type { Store } from "../../src/stores/store.ts";
import { isWorker } from "../gateways/kinds.ts";
import type { Observed } from "../gateways/observed.ts";
import { startWorkerGateway } from "../gateways/worker-gateway.ts";
import { type DemoUpstream, startDemoUpstream } from "./demo-upstream.ts";
import { freePort } from "./free-port.ts";
import { ADMIN_TOKEN, type AskOptions, inProcessGateway, requestOf, type StandIns } from "./gateway-in-process.ts";
import { Browser } from "./http-client.ts";
import { listen } from "./listen.ts";
import { ROLES } from "./people.ts";

/**
 * A gateway of the kind that the project names, on a real socket, whose time a test moves, in front of a demo upstream on `/api/*`.
 * In Node it runs in this process.
 */
export interface ListeningGateway extends DrivenGateway {
  readonly url: string;
  readonly upstream: DemoUpstream;
  browser(headers?: Readonly<Record<string, string>>): Browser;
  /** Makes a user through the admin API; resolves with its id. */
  addUser(person: { readonly name: string; readonly password: string }, roles?: readonly string[]): Promise<string>;
}

export type ListeningNodeGateway = ListeningGateway & InNode;

interface DrivenGateway {
  readonly config: Config;
  readonly store: Store;
  /** Milliseconds since 1970, as the gateway and its store see them. */
  now(): number;
  advance(milliseconds: number): Promise<void>;
  observed(): Promise<readonly Observed[]>;
  /** Asks the admin API, with the admin token. */
  admin(path: string, request?: AskOptions): Promise<Response>;
  /** Whether it says that it is ready. */
  ready(): Promise<boolean>;
  close(): Promise<void>;
}

interface InNode extends DrivenGateway {
  readonly gateway: Gateway;
}

const NOBODY = { peer: "127.0.0.1", headers: [] };

type Input = Readonly<Record<string, unknown>>;

const SECRET = "a secret of more than thirty-two bytes";

export function listeningGateway(input: Input = {}, secret = SECRET, standIns?: StandIns): Promise<ListeningGateway> {
  const kind = inject("gatewayKind");
  const start = kind !== undefined && isWorker(kind) ? inWorkerd : inNode;
  return listening((config, port) => start(config, port, secret, standIns), input);
}

/** As `listeningGateway`, in Node whatever the project names, with the gateway itself. */
export const listeningNodeGateway = (
  input: Input = {},
  secret = SECRET,
  standIns?: StandIns,
): Promise<ListeningNodeGateway> => listening((config, port) => inNode(config, port, secret, standIns), input);

async function listening<G extends DrivenGateway>(
  start: (config: Input, port: number) => Promise<G>,
  input: Input,
): Promise<G & ListeningGateway> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const upstream = await startDemoUpstream();
  const config = {
    issuer: url,
    roles: ROLES,
    upstreams: { orders: { targets: [upstream.url] } },
    routes: [{ path: "/api/*", upstream: "orders", access: "required" }],
    ...input,
  };
  const driven = await start(config, port);
  return {
    ...driven,
    ...{ url, upstream },
    browser: (headers = {}) => new Browser(url, { headers }),
    async addUser({ name, password }, roles = ["user"]) {
      const answer = await driven.admin("/users", { json: { username: name, password, roles } });
      if (answer.status !== 201) throw new Error(`the user ${name} was not made: ${await answer.text()}`);
      return ((await answer.json()) as { readonly id: string }).id;
    },
  };
}

async function inNode(input: Input, port: number, secret: string, standIns?: StandIns): Promise<InNode> {
  const inside = await inProcessGateway(input, secret, standIns);
  const { config, store, now, admin } = inside;
  const listener = createListener(inside.gateway);
  const { close } = await listen(listener.server, port, () => listener.close(0));
  return {
    ...{ gateway: inside.gateway, config, store, now, admin },
    advance: async (milliseconds) => inside.advance(milliseconds),
    observed: async () => inside.observed,
    async ready() {
      const answer = await inside.gateway.operations(requestOf(`${config.origin}/readyz`), NOBODY);
      return answer.status === 200;
    },
    async close() {
      await close();
      await inside.close();
    },
  };
}

async function inWorkerd(input: Input, port: number, secret: string, standIns?: StandIns): Promise<DrivenGateway> {
  if (standIns !== undefined) throw new Error("nothing can be put between the parts of a Worker");
  const parsed = parseConfig(input);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const worker = await startWorkerGateway({
    config: { log: { level: "debug" }, ...input },
    ...{ port, secret, adminToken: ADMIN_TOKEN },
  });
  let ahead = 0;
  return {
    ...{ config: parsed.config, store: worker.store, observed: worker.observed, close: worker.close },
    ready: async () => (await fetch(`${worker.url}/readyz`)).status === 200,
    now: () => Date.now() + ahead,
    async advance(milliseconds) {
      ahead += milliseconds;
      await worker.advance(milliseconds);
    },
    admin: (path, options) =>
      fetch(
        requestOf(`${worker.url}/admin${path}`, { ...options, headers: { authorization: `Bearer ${ADMIN_TOKEN}` } }),
      ),
  };
}
