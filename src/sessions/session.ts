/** How the refresh token of a session travels; fixed at login. */
export type Channel = "cookie" | "body";

/** One login on one device. Times are milliseconds since 1970 by the store's clock. */
export interface Session {
  readonly sid: string;
  readonly sub: string;
  readonly clientId: string;
  readonly channel: Channel;
  readonly createdAt: number;
  /** When the person last proved who they are. */
  readonly authTime: number;
  readonly amr: readonly string[];
  /** Scopes that the login asked for, narrowing the roles' scopes at every renewal; null where all were asked. */
  readonly scopes: readonly string[] | null;
  /** The current generation of the refresh token, from 0. */
  readonly generation: number;
  /** Birth of the current generation. */
  readonly rotatedAt: number;
  /** Whether anybody has shown the current generation. */
  readonly shown: boolean;
  /** Base64url of SHA-256 of the random part of the refresh token. */
  readonly rHash: string;
  /** Id of the secret that made the current generation's token. */
  readonly secretId: string;
  /** Client context (engine and platform family) of the request that made the last rotation. */
  readonly context: string;
  readonly lastUsedAt: number;
  readonly idleEndsAt: number;
  readonly absoluteEndsAt: number;
  /** Address and user agent of the login or the last refresh, for the list of devices. */
  readonly address: string;
  readonly userAgent: string;
}

export interface NewSession {
  readonly sid: string;
  readonly sub: string;
  readonly clientId: string;
  readonly channel: Channel;
  readonly amr: readonly string[];
  readonly scopes: readonly string[] | null;
  readonly rHash: string;
  readonly secretId: string;
  readonly context: string;
  readonly address: string;
  readonly userAgent: string;
}

/** Lifetimes of sessions in milliseconds, and how many a user may have. */
export interface SessionLimits {
  readonly idle: number;
  readonly absolute: number;
  readonly grace: number;
  readonly maxPerUser: number;
}
