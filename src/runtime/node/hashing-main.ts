import { readdirSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { hash, verify } from "@node-rs/argon2";
import type { HashingCall, HashingJob, HashingReply } from "./hashing-messages.ts";

/** On Linux a priority is a thread's, and whatever thread is started later has that of the one that starts it. */
function threads(): readonly number[] {
  try {
    return readdirSync("/proc/self/task").map(Number);
  } catch {
    return [process.pid];
  }
}

/**
 * Whoever serves requests goes first, and a tenth of a busy core is still left for hashes. Where that may not be asked for, they are as
 * important as everything else.
 */
function stepBack(): void {
  for (const thread of threads()) {
    try {
      setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL);
    } catch {}
  }
}

function run(job: HashingJob): Promise<string | boolean> {
  if (job.kind === "verify") return verify(job.hash, job.password);
  const { memory, iterations, parallelism } = job.cost;
  // The library's defaults are argon2id, version 19, a salt of 16 bytes and 32 bytes of output.
  return hash(job.password, { memoryCost: memory, timeCost: iterations, parallelism });
}

const send = (reply: HashingReply): void => void process.send?.(reply);

async function answer({ id, job }: HashingCall): Promise<void> {
  try {
    send({ kind: "done", id, output: await run(job) });
  } catch (error) {
    send({ kind: "failed", id, message: error instanceof Error ? error.message : String(error) });
  }
}

process.title = "postern: passwords";
stepBack();
process.on("message", (call: HashingCall) => void answer(call));
// Nothing is left to be done, and an end in good order would take the memory away from under the hashes at work.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
// A terminal and systemd signal every process; the gateway says when it needs this one no more.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
