import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "./at-end.ts";

/** A fresh empty folder that is removed when the test file ends. */
export async function tempDir(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "postern-test-"));
  atEnd(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}
