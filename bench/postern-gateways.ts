import { randomBytes } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Ground } from "./contender.ts";
import type { ConfiguredRoute } from "./many-routes.ts";
import { freePort, type Program, type Running, startListening } from "./processes.ts";

const MAIN = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
const MEMORY_PROBE = new URL("./memory-probe.ts", import.meta.url).href;

export interface Gateway extends Running {
  readonly port: number;
  /** Of the operations listener. */
  readonly operations: number;
  /** Its configuration file. */
  readonly file: string;
}

export interface GatewayOptions {
  readonly core: Program["core"];
  readonly accessLog?: boolean;
  /** What it runs on; left out: this Node. */
  readonly runtime?: string;
  /** Whether memory-probe.ts answers for it. */
  readonly probed?: boolean;
}

export interface Deployment {
  /** A store's URL; left out: an embedded one of the deployment's own. */
  readonly store?: string;
  /** As the configuration has it, where not the default. */
  readonly grace?: string;
  /** Whether `X-Forwarded-For` is believed of whoever is on this machine. */
  readonly believesForwarded?: boolean;
  /** Left out: those that the rows' requests need. */
  readonly routes?: readonly ConfiguredRoute[];
}

const ROUTES: readonly ConfiguredRoute[] = [
  { path: "/api/orders/socket", upstream: "orders", access: { scopes: ["orders:read"] }, websocket: true },
  { path: "/api/orders/*", upstream: "orders", access: { scopes: ["orders:read"] } },
  { path: "/*", upstream: "orders", access: "public" },
];

/** Gateways on one store, with one configuration. Nothing runs until the first is started. */
export class PosternGateways {
  readonly folder: string;
  readonly store: string;
  readonly issuer: string;
  readonly secret = randomBytes(32).toString("base64url");
  readonly adminToken = randomBytes(32).toString("base64url");
  readonly #ground: Ground;
  readonly #deployment: Deployment;
  readonly #started: Gateway[] = [];

  private constructor(ground: Ground, deployment: Deployment, issuer: string) {
    this.#ground = ground;
    this.#deployment = deployment;
    this.issuer = issuer;
    this.folder = mkdtempSync(join(ground.folder, "postern-"));
    this.store = deployment.store ?? `sqlite:${join(this.folder, "postern.db")}`;
  }

  static async on(ground: Ground, deployment: Deployment): Promise<PosternGateways> {
    return new PosternGateways(ground, deployment, `http://127.0.0.1:${await freePort()}`);
  }

  get env(): Readonly<Record<string, string>> {
    return { POSTERN_SECRET: this.secret, POSTERN_ADMIN_TOKEN: this.adminToken, NODE_ENV: "production" };
  }

  async start({ core, accessLog = false, runtime, probed = false }: GatewayOptions): Promise<Gateway> {
    const { folder, env } = this;
    const name = `postern-${this.#started.length}`;
    const [port, operations] = [await freePort(), await freePort()];
    const file = join(folder, `${name}.config.json`);
    const own = { listen: `127.0.0.1:${port}`, operations: { listen: `127.0.0.1:${operations}` } };
    writeFileSync(file, JSON.stringify({ ...this.#config(), ...own, log: { access: accessLog } }));
    const { profile } = this.#ground;
    const profiling =
      core === "contender" && runtime === undefined && profile !== null
        ? ["--cpu-prof", `--cpu-prof-dir=${profile}`]
        : [];
    const probing = probed ? ["--expose-gc", `--import=${MEMORY_PROBE}`] : [];
    const args = [...profiling, ...probing, MAIN, "serve", "--config", file];
    const program = { name, command: runtime ?? process.execPath, args, env, core, folder, ipc: probed };
    const gateway = { ...(await startListening(program, port, operations)), port, operations, file };
    this.#started.push(gateway);
    return gateway;
  }

  async stop(): Promise<void> {
    for (const gateway of this.#started.splice(0)) await gateway.stop();
  }

  /** Everything that matters for speed is left as it is by default; tokens live long enough for all the rounds of a row. */
  #config() {
    const { grace = "15s", believesForwarded = false, routes = ROUTES } = this.#deployment;
    return {
      issuer: this.issuer,
      store: this.store,
      // A neighbour on the machine that holds up a call must not fail the measurement.
      storeTimeout: "10s",
      tokens: { access: { ttl: "1h" }, refresh: { grace } },
      roles: { user: { scopes: ["orders:read", "orders:write"] } },
      ...(believesForwarded ? { trustedProxies: ["127.0.0.0/8"] } : {}),
      upstreams: { orders: { targets: [`http://127.0.0.1:${this.#ground.upstreamPort}`] } },
      routes,
    };
  }
}
