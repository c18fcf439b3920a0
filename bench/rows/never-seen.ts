import { type Comparison, requestsFor } from "../comparison.ts";
import { bareNodeVerify } from "../contenders/bare-node.ts";
import { fastify } from "../contenders/fastify.ts";
import { haproxyEs256 } from "../contenders/haproxy.ts";
import { hono } from "../contenders/hono.ts";
import { posternDefaults, posternOnBun } from "../contenders/postern.ts";
import { apiRequest } from "../load-plan.ts";

export const neverSeen: Comparison = {
  name: "never-seen",
  title: "Authenticated proxied request, token never seen before",
  note: "Distinct tokens, as many as a measurement takes, each sent once, 32 keep-alive connections; issued before the measurement, Postern's with the key of its store.",
  contenders: [bareNodeVerify, posternDefaults, posternOnBun, haproxyEs256, fastify, hono],
  yardstick: bareNodeVerify.name,
  async plan({ port, tokens }, effort, last) {
    if (!tokens) throw new Error("issues no tokens");
    const sent = await tokens(requestsFor(effort, last, 2000));
    return {
      ports: [port],
      connections: 32,
      requests: sent.length,
      rate: null,
      send: { kind: "list", messages: sent.map(apiRequest) },
      expect: 200,
    };
  },
};
