export const AUDIT_KINDS = [
  "login",
  "login_failed",
  "login_limited",
  "registered",
  "session_ended",
  "refresh_theft",
  "refresh_lost",
  "refresh_other_client",
  "refresh_ahead",
  "refresh_forged",
  "password_changed",
  "roles_changed",
  "user_created",
  "user_disabled",
  "user_enabled",
  "user_deleted",
  "client_created",
  "client_rotated",
  "client_removed",
  "revoked",
  "key_created",
  "key_revoked",
  "history_repaired",
  "admin_call",
] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

/** What anybody can cause at will is one record an account or session and window (ms), so that it cannot drive out the rest. */
export const COUNTED_KINDS: readonly AuditKind[] = [
  "login_failed",
  "login_limited",
  "refresh_other_client",
  "refresh_ahead",
  "refresh_forged",
];
export const COUNT_WINDOW = 60_000;

/** A record of the audit trail before the store has given it a number and a time. */
export interface AuditEvent {
  readonly kind: AuditKind;
  /** Who did it: a user id, a client id, `admin`, `cli` or `postern`. */
  readonly actor: string;
  /** The user it is about, or null. */
  readonly sub: string | null;
  readonly sid: string | null;
  readonly address: string | null;
  /** Facts for people; never a secret or a token. */
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

export interface AuditRecord extends AuditEvent {
  /** Ascending and unique. */
  readonly id: string;
  readonly at: number;
  /** How many occurrences this record stands for: failed logins are one record an account and minute. */
  readonly count: number;
}

/** The facts of a record, from the JSON that they are kept as. */
export function readDetail(json: string): AuditEvent["detail"] {
  const facts: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(JSON.parse(json) as object)) {
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") facts[name] = value;
  }
  return facts;
}

/** A running gateway as the others see it. */
export interface NodeReceipt {
  readonly node: string;
  readonly startedAt: number;
  /** When the receipt was written, by the store's clock. */
  readonly at: number;
  /** How far its view has read the feed. */
  readonly cursor: readonly string[];
  readonly version: string;
  /** What its configuration is called; null where it does not say. */
  readonly config: string | null;
}
