// Somebody holds a connection open, in a fleet on one Redis: whatever ends what they may do ends the connection, on the gateway that
// took it and on the other one, and so does an outage for which nobody can say any more whether it has ended.
import { beforeAll, describe, expect, test } from "vitest";
import { Endings } from "../processes/endings.ts";
import { type GatewayPair, startPairOn } from "../processes/gateway-pair.ts";
import { describeOpenStreams, ends, openAll, openStreams, streamingConfig } from "../processes/open-streams.ts";
import { REDIS_SERVER, type RedisServer, startRedis } from "../support/redis-server.ts";
import { openWebSocket } from "../support/stream-clients.ts";
import { recovered } from "./fleet.ts";

const STALENESS = "2s";

describe.skipIf(REDIS_SERVER === null)("on one Redis", () => {
  describeOpenStreams(async (options) => {
    const { url } = await startRedis();
    return startPairOn({ kind: "redis", url }, options);
  });
});

describe.skipIf(REDIS_SERVER === null)("Redis is away", () => {
  let redis: RedisServer;
  let pair: GatewayPair;
  const endings = new Endings(() => pair);
  beforeAll(async () => {
    redis = await startRedis();
    const config = { ...(await streamingConfig()), revocation: { maxStaleness: STALENESS } };
    pair = await startPairOn({ kind: "redis", url: redis.url }, { config });
    await endings.addAlice();
  });

  test("past maxStaleness all are cut, save where the route goes on, and those end by revocation once it is back", async () => {
    const victim = await endings.logIn();
    const { sockets, events } = await openAll(pair, victim);
    const served = await openWebSocket(`${pair.b.url}/served/ws`, { authorization: `Bearer ${victim.token}` });
    await redis.kill();
    expect(await ends(sockets)).toEqual([
      [4401, "stale_view"],
      [4401, "stale_view"],
    ]);
    expect(await ends(events)).toEqual([
      [null, 503],
      [null, 503],
    ]);
    await served.works();
    await redis.start();
    await recovered(pair);
    await served.works();
    expect(await openStreams(pair.b)).toContain('postern_open_streams{kind="websocket"} 1');
    await endings.revoke({ session: victim.sid });
    expect(await served.end).toEqual([4401, "token_revoked"]);
  });
});
