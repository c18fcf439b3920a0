import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import type { Running } from "./processes.ts";

/** In bytes. */
export interface MemoryInUse {
  /** Of JavaScript objects. */
  readonly heap: number;
  /** Of typed arrays and buffers. */
  readonly buffers: number;
  readonly resident: number;
}

/** What a process with memory-probe.ts holds after a garbage collection. */
export async function memoryInUse({ process: child }: Running): Promise<MemoryInUse> {
  const replied = once(child, "message", { signal: AbortSignal.timeout(30_000) });
  child.send({});
  const [{ heapUsed, arrayBuffers, rss }] = (await replied) as [NodeJS.MemoryUsage];
  return { heap: heapUsed, buffers: arrayBuffers, resident: rss };
}

/** Resident bytes now, and the most that they ever were, or since the peak was forgotten. */
export function residentMemory(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1024;
  return { now: field("VmRSS"), peak: field("VmHWM") };
}

/** Has the peak of resident bytes begin anew (proc(5), clear_refs). */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
