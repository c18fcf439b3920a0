import { createListener } from "../../src/runtime/node/listener.ts";
import { type DemoUpstream, startDemoUpstream } from "./demo-upstream.ts";
import { freePort } from "./free-port.ts";
import { type InProcessGateway, inProcessGateway, type StandIns } from "./gateway-in-process.ts";
import { Browser } from "./http-client.ts";
import { listen } from "./listen.ts";
import { ROLES } from "./people.ts";

/** A gateway on a real socket in this process, whose time a test moves, in front of a demo upstream on `/api/*`. */
export interface ListeningGateway extends Omit<InProcessGateway, "restart"> {
  readonly url: string;
  readonly upstream: DemoUpstream;
  browser(headers?: Readonly<Record<string, string>>): Browser;
  /** Makes a user through the admin API; resolves with its id. */
  addUser(person: { readonly name: string; readonly password: string }, roles?: readonly string[]): Promise<string>;
}

export async function listeningGateway(
  input: Readonly<Record<string, unknown>> = {},
  secret?: string,
  standIns?: StandIns,
): Promise<ListeningGateway> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const upstream = await startDemoUpstream();
  const config = {
    issuer: url,
    roles: ROLES,
    upstreams: { orders: { targets: [upstream.url] } },
    routes: [{ path: "/api/*", upstream: "orders", access: "required" }],
    ...input,
  };
  const inside = await inProcessGateway(config, secret, standIns);
  const listener = createListener(inside.gateway);
  const { close } = await listen(listener.server, Number(new URL(url).port), () => listener.close(0));
  return {
    ...inside,
    ...{ url, upstream },
    browser: (headers = {}) => new Browser(url, { headers }),
    async addUser({ name, password }, roles = ["user"]) {
      const answer = await inside.admin("/users", { json: { username: name, password, roles } });
      if (answer.status !== 201) throw new Error(`the user ${name} was not made: ${await answer.text()}`);
      return ((await answer.json()) as { readonly id: string }).id;
    },
    async close() {
      await close();
      await inside.close();
    },
  };
}
