import type { TestProject } from "vitest/node";
import { tidyUp } from "../support/at-end.ts";
import { tempDir } from "../support/temp-dir.ts";
import { bundleWorker } from "../support/worker-bundle.ts";

const ENTRY = new URL("worker-entry.ts", import.meta.url).pathname;

/** Builds the Worker once for all files of a project. */
export default async function provideWorker(project: TestProject): Promise<() => Promise<void>> {
  const { folder } = await bundleWorker(ENTRY, await tempDir());
  project.provide("workerBundle", folder);
  return tidyUp;
}
