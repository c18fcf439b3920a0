import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    // Much of a test's time is spent waiting for the processes that it drives.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Bounds for what hangs, wide enough for a slow machine; nothing waits that long when it works.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
