import { uuidv7Milliseconds } from "../lib/ids.ts";
import { BUILT_IN_CLIENT } from "../protocol/names.ts";
import type { JsonObject } from "./parse-jwt.ts";
import type { Principal } from "./principal.ts";

/** Whose tokens are accepted, and for whom they must be meant. */
export interface Expected {
  readonly issuer: string;
  readonly audience: string;
}

/**
 * Seconds that `iat`, `nbf` and `auth_time` may lie in the future: they are the store's clock, `now` is this gateway's. `exp` has no
 * tolerance.
 */
export const CLOCK_TOLERANCE = 30;

// RFC 6749 §3.3: scope-token *( SP scope-token ).
const SCOPE = /^(?:[!#-[\]-~]+(?: [!#-[\]-~]+)*)?$/;
const USER = /^u_[A-Za-z0-9_-]{1,64}$/;
const SESSION = /^s_[A-Za-z0-9_-]{1,64}$/;
const CLIENT = /^c_[A-Za-z0-9_-]{1,64}$/;

/**
 * Checks the claims of an access token whose signature is right (RFC 9068 §4), all but whether it has expired. `now` in
 * milliseconds since 1970. Null when they are not such as we issue.
 */
export function readClaims(claims: JsonObject, kid: string, expected: Expected, now: number): Principal | null {
  const { iss, aud, exp, nbf, iat, jti, sub, client_id: clientId, scope } = claims;
  if (iss !== expected.issuer || !includesAudience(aud, expected.audience)) return null;
  const latest = now / 1000 + CLOCK_TOLERANCE;
  if (!isTime(iat) || !isTime(exp) || iat > latest) return null;
  if (nbf !== undefined && !(isTime(nbf) && nbf <= latest)) return null;
  const issuedAt = typeof jti === "string" ? uuidv7Milliseconds(jti) : null;
  if (typeof jti !== "string" || issuedAt === null || Math.floor(issuedAt / 1000) !== iat) return null;
  if (typeof scope !== "string" || !SCOPE.test(scope)) return null;
  if (typeof sub !== "string" || typeof clientId !== "string") return null;
  const subject =
    claims.sid === undefined ? readClient(claims, sub, clientId) : readUser(claims, sub, clientId, latest);
  if (subject === null) return null;
  const scopes = Object.freeze(scope === "" ? [] : scope.split(" "));
  return Object.freeze({ ...subject, sub, clientId, jti, kid, issuedAt, exp, scopes });
}

type Subject = Pick<Principal, "name" | "sid" | "authTime" | "amr" | "roles">;

/** A client's own token says nothing about a person. */
function readClient(claims: JsonObject, sub: string, clientId: string): Subject | null {
  if (sub !== clientId || !CLIENT.test(clientId)) return null;
  const { preferred_username: name, auth_time: authTime, amr, roles } = claims;
  if ([name, authTime, amr, roles].some((claim) => claim !== undefined)) return null;
  return { name: null, sid: null, authTime: null, amr: NONE, roles: NONE };
}

function readUser(claims: JsonObject, sub: string, clientId: string, latest: number): Subject | null {
  const { sid, preferred_username: name, auth_time: authTime, amr, roles } = claims;
  if (!USER.test(sub) || (clientId !== BUILT_IN_CLIENT && !CLIENT.test(clientId))) return null;
  if (typeof sid !== "string" || !SESSION.test(sid)) return null;
  if (typeof name !== "string" || name === "" || !isTime(authTime) || authTime > latest) return null;
  if (!isTexts(amr) || !isTexts(roles)) return null;
  return { name, sid, authTime, amr: Object.freeze(amr), roles: Object.freeze(roles) };
}

const NONE: readonly string[] = Object.freeze([]);

/** RFC 7519 §4.1.3: a string, or an array of strings. */
const includesAudience = (aud: unknown, audience: string): boolean =>
  aud === audience || (isTexts(aud) && aud.includes(audience));

/** NumericDate (RFC 7519 §2), in the whole seconds that we issue. */
const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0;

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");
