import { type Comparison, requestsFor } from "../comparison.ts";
import { edgeBare, edgeHono, edgeHonoRedis, edgePostern } from "../contenders/edge.ts";
import { USERS } from "../issuer.ts";
import { edgeRequest } from "../load-plan.ts";

/** The main row in workerd. */
export const edge: Comparison = {
  name: "edge",
  title: "Authenticated proxied request in workerd, token seen before",
  note: `As the main row, with \`CF-Connecting-IP\`; 32 keep-alive connections sharing the tokens of ${USERS} users. CPU is that of the whole workerd process: runtime, Worker and, for Postern, the Durable Object with its store; the naive build's Redis is not counted.`,
  contenders: [edgeBare, edgePostern, edgeHono, edgeHonoRedis],
  yardstick: edgeBare.name,
  async plan({ port, users }, effort, last) {
    return {
      ports: [port],
      connections: 32,
      requests: requestsFor(effort, last, 3000),
      rate: null,
      send: { kind: "list", messages: (users ?? [null]).map(edgeRequest) },
      expect: 200,
    };
  },
};
