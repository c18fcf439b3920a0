import { CLOCK_TOLERANCE } from "../tokens/claims.ts";

/*
 * What every adapter goes by, in milliseconds, so that a store is the same store whatever it is kept in.
 */

/** A clock that was set back by at most this much stands still until it has caught up; further back it is followed. */
export const MAX_STAND_STILL = 60_000;
/** A receipt that is older belongs to a gateway that is gone. */
export const RECEIPT_LIFE = 10_000;
/** The access-token lifetime that is taken while no gateway has announced one. */
export const DEFAULT_ACCESS_TTL = 300_000;
/** A gateway that has lost the store may still hand out a token that it was issuing. */
export const LAST_ISSUE = 60_000;
/** A gateway whose clock is behind the store's takes tokens for longer, and a revocation must not be forgotten before. */
export const CLOCK_MARGIN = CLOCK_TOLERANCE * 1_000;
