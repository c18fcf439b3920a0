/**
 * One fact that ends access tokens early. "Before" compares with the milliseconds in a token's `jti`: a token issued at
 * `before` or earlier is refused, one issued later is not. The store issues no token at a `before` or earlier afterwards,
 * so a login right after a revocation works, within the same millisecond too.
 */
export type RevocationTarget =
  | { readonly kind: "token"; readonly jti: string }
  | { readonly kind: "session"; readonly sid: string }
  | { readonly kind: "user"; readonly sub: string; readonly before: number }
  | { readonly kind: "client"; readonly clientId: string; readonly before: number }
  | { readonly kind: "key"; readonly kid: string }
  | { readonly kind: "all"; readonly before: number };

export const TARGET_KINDS = [
  "token",
  "session",
  "user",
  "client",
  "key",
  "all",
] as const satisfies readonly RevocationTarget["kind"][];

/** A target as a view holds it, without the time at which it was published. */
export type HeldRevocation = Omit<RevocationEntry, "at">;

/** A target as it stands in the feed. Times are milliseconds since 1970 by the store's clock. */
export interface RevocationEntry {
  readonly target: RevocationTarget;
  /** When it was published. */
  readonly at: number;
  /** After this every token that it names has expired, and it may be trimmed. */
  readonly expires: number;
}
