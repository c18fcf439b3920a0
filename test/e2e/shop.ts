import { afterAll } from "vitest";
import config from "../../examples/quickstart/postern.config.ts";
import { startUpstream } from "../../examples/quickstart/upstream.ts";
import { freePort } from "../support/free-port.ts";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";

export const PASSWORD = "lantern-harbour-quartz-71";

/** The quickstart's gateway and service on free ports, with a lifetime of access tokens that suits the test and a user `demo`. */
export async function startShop(ttl: string): Promise<GatewayProcess> {
  const port = await freePort();
  const { roles, routes } = config;
  const upstreams = { shop: { targets: [`http://127.0.0.1:${port}`] } };
  const gateway = await startGateway({ roles, routes, upstreams, tokens: { access: { ttl } } });
  const upstream = await startUpstream(gateway.issuer, port);
  afterAll(() => {
    upstream.close();
    upstream.closeAllConnections();
  });
  await gateway.addUser("demo", PASSWORD, ["user"]);
  return gateway;
}
