import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "./at-end.ts";

/** A fresh empty folder that is removed when the test file ends. */
export async function tempDir(base: string = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(base, "postern-test-"));
  atEnd(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** One in memory where the machine has such a place: for what would stop at each fsync while the disk is busy. */
export const tempDirInMemory = (): Promise<string> => tempDir(existsSync("/dev/shm") ? "/dev/shm" : tmpdir());
