/** The `typ` header of an access token (RFC 9068 §2.1). */
export const ACCESS_TOKEN_TYPE = "at+jwt";
/** The `typ` header of an identity assertion to an upstream; never accepted as an access token. */
export const IDENTITY_TOKEN_TYPE = "identity+jwt";

/** Signature algorithms (RFC 7518 §3.1, RFC 8037) that a key of ours may have. */
export const ALGORITHMS = ["ES256", "EdDSA", "RS256"] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** The claims of an access token (RFC 9068 §2.2). Times are whole seconds since 1970. */
export interface AccessClaims {
  readonly iss: string;
  /** User id `u_…`, or the client id for a client's own token. */
  readonly sub: string;
  readonly aud: string | readonly string[];
  readonly exp: number;
  readonly iat: number;
  /** UUIDv7; its milliseconds are the time of issue by the store's clock. */
  readonly jti: string;
  readonly client_id: string;
  /** Space-separated (RFC 8693 §4.2); empty string where there is none. */
  readonly scope: string;
  /** Absent in a client's own token. */
  readonly sid?: string;
  /** The user's name; absent in a client's own token (OpenID Connect Core §5.1). */
  readonly preferred_username?: string;
  readonly auth_time?: number;
  readonly amr?: readonly string[];
  readonly roles?: readonly string[];
}

/** The claims of an identity assertion: `aud` is the upstream's name, the lifetime is 60 s. */
export interface IdentityClaims {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  readonly exp: number;
  readonly iat: number;
  readonly jti: string;
  readonly client_id: string;
  readonly scope: string;
  readonly sid?: string;
  readonly preferred_username?: string;
  readonly roles?: readonly string[];
}
