import type { TestProject } from "vitest/node";
import { tidyUp } from "../support/at-end.ts";
import { startRedis } from "../support/redis-server.ts";

/** One real Redis for all files of a project; `freshStore` gives each gateway a database of its own. */
export default async function provideRedis(project: TestProject): Promise<() => Promise<void>> {
  const { port } = await startRedis();
  project.provide("redisPort", port);
  return tidyUp;
}
