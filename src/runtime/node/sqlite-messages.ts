import type { Operation, OperationInput } from "../../stores/operations.ts";
import type { Failure } from "./sqlite-errors.ts";

/** What the thread is started with. */
export interface ThreadData {
  readonly file: string;
  /** Milliseconds that an operation may take. */
  readonly timeout: number;
  /** One slot a call, see `CLAIM`. */
  readonly claims: Int32Array;
  /** Milliseconds to add to the machine's clock. */
  readonly clockOffset: BigInt64Array | null;
}

/**
 * A call's slot goes from `queued` to `claimed` by the thread, once it holds the write lock and is about to write, or to
 * `abandoned` by the caller when its time has run out; whoever is first decides, so that a caller always knows whether an
 * operation without an answer may have been done.
 */
export const CLAIM = { queued: 0, claimed: 1, abandoned: 2 } as const;

export interface Call<K extends Operation = Operation> {
  readonly kind: "call";
  readonly id: number;
  readonly slot: number;
  /** By `monotonic`. */
  readonly deadline: number;
  readonly operation: K;
  readonly input: OperationInput<K>;
}

export type ToThread = Call | { readonly kind: "close" };

export type FromThread = { readonly kind: "ready" } | { readonly kind: "problem"; readonly message: string } | Reply;

export type Reply =
  | { readonly kind: "done"; readonly id: number; readonly output: unknown }
  | { readonly kind: "failed"; readonly id: number; readonly failure: Failure; readonly message: string };

/** Milliseconds that never go back and that all threads of the process share. */
export const monotonic = (): number => Number(process.hrtime.bigint() / 1_000_000n);

/** The machine's clock, milliseconds since 1970. */
export function wallClock(offset: BigInt64Array | null): () => number {
  if (offset === null) return Date.now;
  return () => Date.now() + Number(Atomics.load(offset, 0));
}
