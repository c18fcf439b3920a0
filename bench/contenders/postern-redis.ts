import { setTimeout } from "node:timers/promises";
import type { Contender } from "../contender.ts";
import { startFleet } from "../postern-fleet.ts";
import { REDIS_MISSING } from "../redis-server.ts";

/** One gateway on a Redis of its own, with the shortest grace: its sessions are older than that when they are given out. */
export const posternOnRedis: Contender = {
  name: "postern",
  label: "Postern on Redis",
  missing: REDIS_MISSING,
  async start(ground) {
    const fleet = await startFleet(ground, { grace: "1s" });
    const { pid, port } = await fleet.gateways.start({ core: "contender" });
    return {
      ...{ pid, port, users: null },
      async sessions(count) {
        const tokens = await fleet.refreshTokens(count);
        await setTimeout(1100);
        return tokens;
      },
      stop: fleet.stop,
    };
  },
};
