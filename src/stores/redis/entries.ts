import { type RevocationEntry, type RevocationTarget, TARGET_KINDS } from "../../revocation/entry.ts";
import type { FeedCursor } from "../../revocation/feed.ts";
import { ALL_PARTITIONS } from "./partition.ts";
import { integer, text, values, word } from "./reply.ts";

/** The position before everything in a partition. */
export const BEGINNING = "0-0-0";

/** What a reader must have read to have read one entry: nothing is asked of the other partitions. */
export const cursorAt = (partition: number, position: string): FeedCursor =>
  ALL_PARTITIONS.map((other) => (other === partition ? position : BEGINNING));

export function targetOf(json: string): RevocationTarget {
  const target: Readonly<Record<string, unknown>> = JSON.parse(json);
  const kind = word(target.kind, TARGET_KINDS);
  switch (kind) {
    case "token":
      return { kind, jti: text(target.jti) };
    case "session":
      return { kind, sid: text(target.sid) };
    case "user":
      return { kind, sub: text(target.sub), before: integer(target.before) };
    case "client":
      return { kind, clientId: text(target.clientId), before: integer(target.before) };
    case "key":
      return { kind, kid: text(target.kid) };
    case "all":
      return { kind, before: integer(target.before) };
  }
}

/** An entry as `entry_reply` of scripts/endings.ts gives it, behind its position. */
export function entryOf(reply: unknown): { readonly position: string; readonly entry: RevocationEntry } {
  const [position, target, at, expires] = values(reply);
  return {
    position: text(position),
    entry: { target: targetOf(text(target)), at: integer(at), expires: integer(expires) },
  };
}
