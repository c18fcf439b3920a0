import { availableParallelism } from "node:os";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { filesElsewhere } from "./test/gateways/differences.ts";
import { BLACK_BOX, GATEWAY_KINDS, type GatewayKind, isWorker, usesRedis } from "./test/gateways/kinds.ts";
import { requireProgram } from "./test/support/requirements.ts";

const kinds = GATEWAY_KINDS.filter((kind) => !usesRedis(kind) || requireProgram("redis-server") !== null);

/** The black-box suite against one kind of gateway. Its files share processes: most of what a small one costs is its imports. */
const gateways = (gatewayKind: GatewayKind): TestProjectInlineConfiguration => ({
  extends: true,
  test: {
    name: gatewayKind,
    include: [BLACK_BOX],
    exclude: filesElsewhere(gatewayKind),
    isolate: false,
    provide: { gatewayKind },
    globalSetup: [
      ...(usesRedis(gatewayKind) ? ["test/gateways/provide-redis.ts"] : []),
      ...(isWorker(gatewayKind) ? ["test/gateways/provide-worker.ts"] : []),
    ],
    setupFiles: ["test/gateways/hold-to-differences.ts"],
  },
});

export default defineConfig({
  test: {
    pool: "forks",
    // Much of a test's time is spent waiting for the processes that it drives.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Bounds for what hangs, wide enough for a slow machine; nothing waits that long when it works.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    setupFiles: ["test/support/tidy-up.ts"],
    projects: [
      { extends: true, test: { name: "own", include: ["test/**/*.test.ts"], exclude: [BLACK_BOX] } },
      ...kinds.map(gateways),
    ],
  },
});
