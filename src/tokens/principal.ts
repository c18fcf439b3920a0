/** Who a request acts as, after verification. Held by the verified-token cache: immutable, and shared by requests. */
export interface Principal {
  readonly sub: string;
  /** The user's name; null for a client. */
  readonly name: string | null;
  /** Null for a client's own token. */
  readonly sid: string | null;
  readonly clientId: string;
  readonly jti: string;
  readonly kid: string;
  /** Milliseconds since 1970 by the store's clock: the time in `jti`. */
  readonly issuedAt: number;
  /** Seconds since 1970. */
  readonly exp: number;
  /** Seconds since 1970 of the last login; null for a client. */
  readonly authTime: number | null;
  readonly amr: readonly string[];
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
}
