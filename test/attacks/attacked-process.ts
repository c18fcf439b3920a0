import { type RunningGateway, runGateway } from "../gateways/running-gateway.ts";
import { type DemoUpstream, startDemoUpstream } from "../support/demo-upstream.ts";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";

export interface AttackedProcess<G extends RunningGateway = RunningGateway> {
  readonly gateway: G;
  readonly upstream: DemoUpstream;
  browser(headers?: Readonly<Record<string, string>>): Browser;
  /** A browser in which Alice has just logged in. */
  loggedIn(headers?: Readonly<Record<string, string>>): Promise<Browser>;
}

/** Routes that a small shop would have: an API for tokens, pages for cookies, and what anybody may see. */
export const ROUTES = [
  { path: "/api/*", upstream: "up", access: "required" },
  { path: "/account/*", upstream: "up", access: "required", credentials: "session" },
  { path: "/public/*", upstream: "up", access: "public" },
] as const;

type Input = Readonly<Record<string, unknown>>;

/** A gateway in a process of its own, of the kind that the project names, in front of a demo upstream named `up`, with Alice as its user. */
export const attackedProcess = (config: Input = {}): Promise<AttackedProcess> => attacked(runGateway, config);

/** As `attackedProcess`, in Node whatever the project names, for what looks into its folder. */
export const attackedNodeProcess = (config: Input = {}): Promise<AttackedProcess<GatewayProcess>> =>
  attacked((complete: Input) => startGateway(complete), config);

async function attacked<G extends RunningGateway>(
  run: (config: Input) => Promise<G>,
  config: Input,
): Promise<AttackedProcess<G>> {
  const upstream = await startDemoUpstream();
  const upstreams = { up: { targets: [upstream.url] } };
  const gateway = await run({ roles: ROLES, upstreams, routes: ROUTES.slice(0, 1), ...config });
  await addUser(gateway, ALICE);
  const browser = (headers = {}) => new Browser(gateway.url, { headers });
  return {
    ...{ gateway, upstream, browser },
    async loggedIn(headers = {}) {
      const alice = browser(headers);
      const answer = await alice.login(ALICE.name, ALICE.password);
      if (answer.status !== 200) throw new Error(`the login was answered ${answer.status}: ${answer.text}`);
      return alice;
    },
  };
}

/** Makes a user through the admin API, as an operator does. */
export async function addUser(
  gateway: RunningGateway,
  { name, password }: { readonly name: string; readonly password: string },
): Promise<void> {
  const answer = await asOperator(gateway).fetch("/admin/users", {
    json: { username: name, password, roles: ["user"] },
  });
  if (answer.status !== 201) throw new Error(`the user ${name} was not made: ${answer.text}`);
}

/** A client of the operations listener that holds the admin token. */
export const asOperator = (gateway: RunningGateway): Browser =>
  new Browser(gateway.operationsUrl, { headers: { authorization: `Bearer ${gateway.adminToken}` } });
