import { MAX_STAND_STILL } from "../lifetimes.ts";
import { first, integer, type SyncDatabase, text } from "./database.ts";

/** One atomic step of the store: what every operation works with. */
export interface Step {
  readonly db: SyncDatabase;
  /** The store's clock, milliseconds since 1970; the same throughout the step. */
  readonly now: number;
  /** The time of the last step that wrote. */
  readonly clock: number;
  readonly epoch: string;
  /** Sessions created then or earlier were ended by a revocation of everything. */
  readonly sessionsNotBefore: number;
  /** Access tokens issued then or earlier were refused by a revocation of everything. */
  readonly tokensNotBefore: number;
}

/** `wall`: the machine's clock, milliseconds since 1970. */
export function beginStep(db: SyncDatabase, wall: number): Step {
  const row = first(db.all("SELECT * FROM store WHERE one = 1"));
  if (row === null) throw new Error("the database has lost its record of itself");
  const clock = integer(row, "clock");
  return {
    ...{ db, clock },
    now: storeTime(wall, clock),
    epoch: text(row, "epoch"),
    sessionsNotBefore: integer(row, "sessions_not_before"),
    tokensNotBefore: integer(row, "tokens_not_before"),
  };
}

/** Records the time of a step that wrote, so that no later one in any process is earlier. */
export function keepTime(step: Step): void {
  if (step.clock !== step.now) step.db.all("UPDATE store SET clock = ? WHERE one = 1", step.now);
}

export function storeTime(wall: number, recorded: number): number {
  return recorded > wall && recorded - wall <= MAX_STAND_STILL ? recorded : wall;
}
