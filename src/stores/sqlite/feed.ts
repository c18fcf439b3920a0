import { type RevocationEntry, type RevocationTarget, TARGET_KINDS } from "../../revocation/entry.ts";
import type { FeedCursor, FeedPage } from "../../revocation/feed.ts";
import type { TokenFacts } from "../../revocation/view.ts";
import { CLOCK_MARGIN } from "../lifetimes.ts";
import { first, integer, type Row, text, word } from "./database.ts";
import { longestLifetime } from "./nodes.ts";
import type { Step } from "./step.ts";

/** Publishes one fact that ends access tokens early. */
export function publish(step: Step, target: RevocationTarget): RevocationEntry {
  const entry = { target, at: step.now, expires: step.now + longestLifetime(step) + CLOCK_MARGIN };
  const moved = step.db.all(
    "UPDATE store SET last_revocation = last_revocation + 1 WHERE one = 1 RETURNING last_revocation",
  );
  step.db.all(
    "INSERT INTO revocations (id, kind, subject, before, at, expires) VALUES (?, ?, ?, ?, ?, ?)",
    integer(moved[0] ?? {}, "last_revocation"),
    target.kind,
    subjectOf(target),
    "before" in target ? target.before : null,
    entry.at,
    entry.expires,
  );
  return entry;
}

/** The position after everything that has been published. */
export function feedEnd(step: Step): FeedCursor {
  return [String(lastRevocation(step))];
}

export function readFeed(step: Step, input: { readonly after: FeedCursor | null; readonly limit: number }): FeedPage {
  const last = lastRevocation(step);
  const after = positionOf(input.after);
  const continues = after <= last;
  // Bounded by `last`, which was read first: an entry published between the two statements belongs to the next page.
  const rows = step.db.all(
    "SELECT * FROM revocations WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",
    after,
    last,
    input.limit,
  );
  const newest = rows.at(-1);
  const end = rows.length < input.limit || (newest !== undefined && integer(newest, "id") === last);
  return {
    entries: rows.map(entryOf),
    // At the end the position is that of the newest entry ever published, those that have been trimmed included.
    cursor: [String(end || newest === undefined ? last : integer(newest, "id"))],
    end,
    continues,
    state: [{ epoch: step.epoch, last: String(last) }],
    now: step.now,
  };
}

/** Whether a live entry names a token: what a view of all of them would say. `live`: how many there are, about. */
export function judgeToken(step: Step, token: TokenFacts): { readonly refused: boolean; readonly live: number } {
  const { jti, sid, sub, clientId, kid, issuedAt } = token;
  const found = step.db.all(
    `SELECT 1 FROM revocations WHERE subject IN (?, ?, ?, ?, ?, '') AND expires > ? AND (
       (kind = 'token' AND subject = ?) OR (kind = 'session' AND subject = ?) OR (kind = 'key' AND subject = ?) OR
       (before >= ? AND (
         (kind = 'user' AND subject = ?) OR (kind = 'client' AND subject = ?) OR kind = 'all'))) LIMIT 1`,
    ...[jti, sid, sub, clientId, kid, step.now],
    ...[jti, sid, kid, issuedAt, sub, clientId],
  );
  const oldest = first(step.db.all("SELECT id FROM revocations ORDER BY id LIMIT 1"));
  return { refused: found.length > 0, live: oldest === null ? 0 : lastRevocation(step) - integer(oldest, "id") + 1 };
}

/** A position that is none of ours reads from the start: reading an entry again does no harm. */
function positionOf(cursor: FeedCursor | null): number {
  const position = Number(cursor?.[0] ?? "0");
  return Number.isSafeInteger(position) ? position : 0;
}

function lastRevocation(step: Step): number {
  return integer(first(step.db.all("SELECT last_revocation FROM store WHERE one = 1")) ?? {}, "last_revocation");
}

function subjectOf(target: RevocationTarget): string {
  switch (target.kind) {
    case "token":
      return target.jti;
    case "session":
      return target.sid;
    case "user":
      return target.sub;
    case "client":
      return target.clientId;
    case "key":
      return target.kid;
    case "all":
      return "";
  }
}

function entryOf(row: Row): RevocationEntry {
  return { target: targetOf(row), at: integer(row, "at"), expires: integer(row, "expires") };
}

function targetOf(row: Row): RevocationTarget {
  const kind = word(row, "kind", TARGET_KINDS);
  const subject = text(row, "subject");
  switch (kind) {
    case "token":
      return { kind, jti: subject };
    case "session":
      return { kind, sid: subject };
    case "user":
      return { kind, sub: subject, before: integer(row, "before") };
    case "client":
      return { kind, clientId: subject, before: integer(row, "before") };
    case "key":
      return { kind, kid: subject };
    case "all":
      return { kind, before: integer(row, "before") };
  }
}
