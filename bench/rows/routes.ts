import { type Comparison, requestsFor } from "../comparison.ts";
import { posternFewRoutes, posternManyRoutes } from "../contenders/postern.ts";
import { FEW_ROUTES, MANY_ROUTES, requestsToServices, SERVICES } from "../many-routes.ts";

/** Whether a request costs more where there are more routes. */
export const routes: Comparison = {
  name: "routes",
  title: `${MANY_ROUTES.length.toLocaleString("en-GB")} routes`,
  note: `Authenticated requests to ${SERVICES} services, each by an exact path, by a prefix and by a host of its own. The small configuration has ${FEW_ROUTES.length} routes that lead to all of them; the large one has these and four more for each service, some of them apart in their methods only.`,
  contenders: [posternFewRoutes, posternManyRoutes],
  yardstick: posternFewRoutes.name,
  async plan({ port, users }, effort, last) {
    return {
      ports: [port],
      connections: 32,
      requests: requestsFor(effort, last, 5000),
      rate: null,
      send: { kind: "list", messages: requestsToServices(users ?? [null]) },
      expect: 200,
    };
  },
};
