import type { KeyRing } from "../keys/key-ring.ts";
import { uuidv7 } from "../lib/ids.ts";
import { ACCESS_TOKEN_TYPE, type AccessClaims } from "../protocol/claims.ts";
import type { AccessGrant, IssuedToken } from "./access-token.ts";
import { MAX_TOKEN_LENGTH } from "./parse-jwt.ts";

export interface IssueOptions {
  readonly issuer: string;
  readonly audience: string;
  /** Milliseconds, of which whole seconds count. */
  readonly ttl: number;
  /** From 0 up to 1; Math.random by default. */
  readonly random?: () => number;
}

/** At most this part of a token's life is taken off at random. */
const JITTER = 0.05;

/** Signs an access token. Rejects with a store error when no key could be made, and with a RangeError when the token would be refused for its length. */
export async function issueAccessToken(
  grant: AccessGrant,
  keyRing: Pick<KeyRing, "sign">,
  options: IssueOptions,
): Promise<IssuedToken> {
  const claims = accessClaims(grant, options);
  const token = await keyRing.sign(ACCESS_TOKEN_TYPE, claims);
  if (token.length > MAX_TOKEN_LENGTH) throw new RangeError("the access token is too long: too many scopes or roles");
  const expiresIn = Math.max(0, Math.floor(claims.exp - grant.issuedAt / 1000));
  return { token, expiresIn, jti: claims.jti };
}

function accessClaims(grant: AccessGrant, { issuer, audience, ttl, random = Math.random }: IssueOptions): AccessClaims {
  const iat = Math.floor(grant.issuedAt / 1000);
  const seconds = Math.floor(ttl / 1000);
  // A million clients that logged in together must not come back together.
  const jitter = Math.floor(random() * (Math.floor(seconds * JITTER) + 1));
  const end = grant.notAfter === null ? Number.POSITIVE_INFINITY : Math.floor(grant.notAfter / 1000);
  return {
    iss: issuer,
    sub: grant.sub,
    aud: audience,
    exp: Math.min(iat + seconds - jitter, end),
    iat,
    jti: uuidv7(grant.issuedAt),
    client_id: grant.clientId,
    scope: grant.scopes.join(" "),
    ...(grant.sid === null ? {} : personClaims(grant, grant.sid)),
  };
}

function personClaims({ name, authTime, amr, roles }: AccessGrant, sid: string): Partial<AccessClaims> {
  if (name === null || authTime === null) throw new TypeError("a session's token names its user and the time of login");
  return { sid, preferred_username: name, auth_time: Math.floor(authTime / 1000), amr, roles };
}
