import type { Contender } from "../contender.ts";
import { startFleet } from "../postern-fleet.ts";
import { REDIS_MISSING } from "../redis-server.ts";

/** One gateway on a Redis of its own, with the shortest grace. */
export const posternOnRedis: Contender = {
  name: "postern",
  label: "Postern on Redis",
  missing: REDIS_MISSING,
  async start(ground) {
    const fleet = await startFleet(ground, { grace: "1s" });
    const { pid, port } = await fleet.gateways.start({ core: "contender" });
    return {
      ...{ pid, port, users: null },
      sessions: fleet.refreshTokens,
      stop: fleet.stop,
    };
  },
};
