import type { JsonObject } from "../lib/json-object.ts";
import type { IdentityClaims } from "../protocol/claims.ts";

/** Seconds that this service's clock may differ from the gateway's. */
export const CLOCK_TOLERANCE = 5;
/** Seconds. */
const LIFETIME = 60;

/** The claims of an assertion of `issuer` for `audience`, or null. `exp` is never later than a minute after `iat`. */
export function readIdentityClaims(
  claims: JsonObject,
  { issuer, audience }: { readonly issuer: string; readonly audience: string },
  now: number,
): IdentityClaims | null {
  const { iss, aud, sub, exp, iat, nbf, jti, client_id, scope, sid, preferred_username, roles } = claims;
  if (iss !== issuer || aud !== audience) return null;
  if (!isText(sub) || !isText(jti) || !isText(client_id) || !isText(scope)) return null;
  const latest = now / 1000 + CLOCK_TOLERANCE;
  if (!isTime(exp) || !isTime(iat) || iat > latest) return null;
  if (nbf !== undefined && !(isTime(nbf) && nbf <= latest)) return null;
  if (!isOptional(sid, isText) || !isOptional(preferred_username, isText) || !isOptional(roles, isTexts)) return null;
  return Object.freeze({
    ...{ iss: issuer, aud: audience, sub, exp: Math.min(exp, iat + LIFETIME), iat, jti, client_id, scope },
    ...(sid === undefined ? {} : { sid }),
    ...(preferred_username === undefined ? {} : { preferred_username }),
    ...(roles === undefined ? {} : { roles: Object.freeze(roles) }),
  });
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0;
const isText = (value: unknown): value is string => typeof value === "string";
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
const isOptional = <Value>(value: unknown, is: (value: unknown) => value is Value): value is Value | undefined =>
  value === undefined || is(value);
