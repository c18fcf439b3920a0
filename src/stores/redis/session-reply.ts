import type { Session } from "../../sessions/session.ts";
import { flag, integer, text, texts, textsOrNull, values, word } from "./reply.ts";
import { SESSION_FIELDS } from "./session-fields.ts";

/** A session as `session_reply` of scripts/sessions.ts gives it: its id, then the fields in their order. */
export function sessionOf(reply: unknown): Session {
  const [sid, ...rest] = values(reply);
  const of = (field: (typeof SESSION_FIELDS)[number]): unknown => rest[SESSION_FIELDS.indexOf(field)] ?? null;
  return {
    sid: text(sid),
    sub: text(of("sub")),
    clientId: text(of("clientId")),
    channel: word(of("channel"), ["cookie", "body"]),
    createdAt: integer(of("createdAt")),
    authTime: integer(of("authTime")),
    amr: texts(of("amr")),
    scopes: textsOrNull(of("scopes")),
    generation: integer(of("generation")),
    rotatedAt: integer(of("rotatedAt")),
    shown: flag(of("shown")),
    rHash: text(of("rHash")),
    secretId: text(of("secretId")),
    context: text(of("context")),
    lastUsedAt: integer(of("lastUsedAt")),
    idleEndsAt: integer(of("idleEndsAt")),
    absoluteEndsAt: integer(of("absoluteEndsAt")),
    address: text(of("address")),
    userAgent: text(of("userAgent")),
  };
}

export const sessionOrNull = (reply: unknown): Session | null => (reply === null ? null : sessionOf(reply));
