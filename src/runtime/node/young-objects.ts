import { setFlagsFromString } from "node:v8";

/**
 * Has V8 make every object in its young generation. It learns where the objects come from that live long, and makes the next ones
 * from there in the old one; but under load a request's live just about as long as it takes to collect the young ones, so that it
 * learns wrong: what an old object holds outlives it, whole requests at a time, until everything is collected (bench/NOTES.md).
 */
export function keepObjectsYoung(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}
