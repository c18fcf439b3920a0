import type { Effort } from "./comparison.ts";
import type { Ground } from "./contender.ts";
import type { Running } from "./processes.ts";

/** A figure that a target is set for. */
export type Figure =
  | "revocation embedded max"
  | "revocation redis p99"
  | "million memory"
  | "million cpu"
  | "idle p99 ratio"
  | "flood p99 ratio"
  | "flood refused"
  | "soak growth";

export interface Found {
  /** As Markdown. */
  readonly table: string;
  readonly figures: Readonly<Partial<Record<Figure, number>>>;
}

export interface Bench {
  readonly ground: Ground;
  readonly generator: Running;
  readonly effort: Effort;
  /** A first look: a tenth of the whole. */
  readonly quick: boolean;
  /** Whether the soak goes on until its last token. */
  readonly long: boolean;
}

/** What is measured of Postern alone. */
export interface Row {
  readonly name: string;
  /** What is missing on this machine, or null. */
  readonly missing: string | null;
  readonly measure: (bench: Bench) => Promise<Found>;
}
