/** An account. Times are milliseconds since 1970 by the store's clock. */
export interface User {
  /** `u_…` */
  readonly id: string;
  /** As the person wrote it. */
  readonly username: string;
  /** The name under which it is found and unique (accounts/username.ts). */
  readonly usernameKey: string;
  /** argon2id in PHC string form; null for an account that cannot log in by password. */
  readonly passwordHash: string | null;
  readonly roles: readonly string[];
  readonly disabled: boolean;
  readonly createdAt: number;
  /** Sessions created at this time or earlier have ended; 0 where there never was such an act. */
  readonly notBefore: number;
}

/** A service with a secret. */
export interface Client {
  /** `c_…` */
  readonly id: string;
  readonly name: string;
  /** `sha256:` and the base64url of SHA-256 of the secret. */
  readonly secretHash: string;
  readonly scopes: readonly string[];
  readonly createdAt: number;
}
