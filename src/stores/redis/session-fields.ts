import type { Session } from "../../sessions/session.ts";

/** The fields of a session's hash, in the order in which scripts answer with them, behind its id. */
export const SESSION_FIELDS = [
  "sub",
  "clientId",
  "channel",
  "createdAt",
  "authTime",
  "amr",
  "scopes",
  "generation",
  "rotatedAt",
  "shown",
  "rHash",
  "secretId",
  "context",
  "lastUsedAt",
  "idleEndsAt",
  "absoluteEndsAt",
  "address",
  "userAgent",
] as const satisfies readonly (keyof Session)[];

/** Those that are numbers in Lua. */
export const NUMBERS = [
  "createdAt",
  "authTime",
  "generation",
  "rotatedAt",
  "lastUsedAt",
  "idleEndsAt",
  "absoluteEndsAt",
] as const satisfies readonly (typeof SESSION_FIELDS)[number][];
