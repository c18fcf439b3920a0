import type { Comparison } from "../comparison.ts";
import { bareNodeVerify } from "../contenders/bare-node.ts";
import { fastify } from "../contenders/fastify.ts";
import { haproxyEs256 } from "../contenders/haproxy.ts";
import { hono } from "../contenders/hono.ts";
import { posternDefaults } from "../contenders/postern.ts";
import { apiRequest } from "../load-plan.ts";

const TOKENS = 2000;

export const neverSeen: Comparison = {
  name: "never-seen",
  title: "Authenticated proxied request, token never seen before",
  note: `${TOKENS} distinct tokens a round, each sent once, 32 keep-alive connections; issued before the measurement, Postern's by a second gateway on the same store.`,
  contenders: [bareNodeVerify, posternDefaults, haproxyEs256, fastify, hono],
  yardstick: bareNodeVerify.name,
  warmUps: 1,
  async plan({ port, tokens }) {
    if (!tokens) throw new Error("issues no tokens");
    const sent = await tokens(TOKENS);
    return {
      ports: [port],
      connections: 32,
      requests: TOKENS,
      rate: null,
      send: { kind: "list", messages: sent.map(apiRequest) },
      expect: 200,
    };
  },
};
