/** Every outcome of a refresh (docs/sessions.md, rule 6), as metrics and the audit trail name it. */
export const REFRESH_OUTCOMES = [
  "rotated",
  "kept",
  "replayed",
  "rolled_forward",
  "idle_expired",
  "expired",
  "ended",
  "lost",
  "theft",
  "other_client",
  "malformed",
  "unavailable",
  "outcome_unknown",
] as const;
export type RefreshOutcome = (typeof REFRESH_OUTCOMES)[number];

/** The outcomes that the store decides; the others are known before or without it. */
export type StoredRefreshOutcome = Exclude<RefreshOutcome, "unavailable" | "outcome_unknown">;
/** The outcomes that are answered with a token. */
export type GrantedRefreshOutcome = "rotated" | "kept" | "replayed" | "rolled_forward";
