import { isJsonObject } from "../lib/json-object.ts";
import type { FeedEntry } from "../protocol/revocation-feed.ts";
import type { HeldRevocation, RevocationTarget } from "./entry.ts";

/** An entry as services that follow the feed see it: what is revoked and until when, not when or why. */
export function feedEntry({ target, expires }: HeldRevocation): FeedEntry {
  if (target.kind !== "client") return { ...target, expires };
  const { kind, clientId, before } = target;
  return { kind, client_id: clientId, before, expires };
}

/** The entry in a JSON value, or null: whoever cannot read one must not go on as if it had not been there. */
export function readFeedEntry(value: unknown): HeldRevocation | null {
  if (!isJsonObject(value)) return null;
  const { kind, expires, before } = value;
  const target = isTime(expires) ? readTarget(kind, value, isTime(before) ? before : null) : null;
  return target === null || !isTime(expires) ? null : { target, expires };
}

function readTarget(
  kind: unknown,
  { jti, sid, sub, client_id: clientId, kid }: Readonly<Record<string, unknown>>,
  before: number | null,
): RevocationTarget | null {
  switch (kind) {
    case "token":
      return isName(jti) ? { kind, jti } : null;
    case "session":
      return isName(sid) ? { kind, sid } : null;
    case "user":
      return isName(sub) && before !== null ? { kind, sub, before } : null;
    case "client":
      return isName(clientId) && before !== null ? { kind, clientId, before } : null;
    case "key":
      return isName(kid) ? { kind, kid } : null;
    case "all":
      return before !== null ? { kind, before } : null;
    default:
      return null;
  }
}

const MAX_NAME = 500;

const isName = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= MAX_NAME;
const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
