// Sentinels tell of a failover at the very moment at which a store asks them for the primary, because its connection was lost: the
// client takes that for the end of all connecting, and the store must not.
import { expect, onTestFinished, test } from "vitest";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { startRedisSentinel } from "../support/redis-sentinel.ts";
import { REDIS_SERVER, redisCommand } from "../support/redis-server.ts";
import { waitUntil } from "../support/wait-until.ts";
import { openRedis } from "./open-redis.ts";
import { Subject } from "./subject.ts";

test.skipIf(REDIS_SERVER === null)(
  "a store finds the primary though a failover is told while it asks for it",
  async () => {
    const sentinels = await startRedisSentinel();
    const [port = 0] = sentinels.ports;
    const proxy = await startFaultProxy(port);
    const opened = await openRedis(sentinels.url.replace(String(port), String(proxy.port)));
    onTestFinished(() => opened.close());
    const s = new Subject(opened);
    const session = await s.login(await s.user());
    await waitUntil(
      () => "the store does not listen for failovers",
      async () => String(await redisCommand(port, "CLIENT", "LIST")).includes(" sub=1 "),
    );

    const question = proxy.hold("get-master-addr-by-name");
    await (await sentinels.primary()).command("CLIENT", "KILL", "TYPE", "normal");
    await question.held;
    await sentinels.handOver();
    await question.release();
    let last: unknown;
    await waitUntil(
      () => `the store does not come back: ${last}`,
      () =>
        s.now().then(
          () => true,
          (error: unknown) => {
            last = error;
            return false;
          },
        ),
      20_000,
    );
    expect(await s.refresh(session, 0)).toMatchObject({ outcome: "kept" });
  },
);
