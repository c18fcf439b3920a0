import { type Comparison, requestsFor } from "../comparison.ts";
import { bareNode } from "../contenders/bare-node.ts";
import { express } from "../contenders/express.ts";
import { fastify, fastifyRedis } from "../contenders/fastify.ts";
import { haproxyEs256, haproxyRs256 } from "../contenders/haproxy.ts";
import { hono, honoRedis } from "../contenders/hono.ts";
import { nginx } from "../contenders/nginx.ts";
import { posternDefaults, posternOnBun } from "../contenders/postern.ts";
import { USERS } from "../issuer.ts";
import { apiRequest } from "../load-plan.ts";

/** The main row: a request with a token that has been seen before. */
export const proxied: Comparison = {
  name: "proxied",
  title: "Authenticated proxied request, token seen before",
  note: `GET with a bearer token, 1 kB answer, 32 keep-alive connections sharing the tokens of ${USERS} users.`,
  contenders: [
    bareNode,
    posternDefaults,
    posternOnBun,
    nginx,
    haproxyRs256,
    haproxyEs256,
    fastify,
    fastifyRedis,
    express,
    hono,
    honoRedis,
  ],
  yardstick: bareNode.name,
  async plan({ port, users }, effort, last) {
    return {
      ports: [port],
      connections: 32,
      requests: requestsFor(effort, last, 5000),
      rate: null,
      send: { kind: "list", messages: (users ?? [null]).map(apiRequest) },
      expect: 200,
    };
  },
};
