import type { Channel } from "./session.ts";

/** The parts of a refresh token whose mac is right. */
export interface RefreshToken {
  readonly channel: Channel;
  /** Id of the secret that made it. */
  readonly secretId: string;
  readonly sub: string;
  readonly sid: string;
  readonly generation: number;
  /** The random part drawn at login: 128 bits, base64url. */
  readonly r: string;
}

/** Makes and reads refresh tokens (docs/sessions.md). */
export interface RefreshTokens {
  /** Id of the secret that makes new tokens. */
  readonly secretId: string;
  /** The token's text; with a `secretId` that is not known (any more), the present secret makes it. */
  encode(token: RefreshToken): Promise<string>;
  /** Null when it is no token of ours. */
  decode(text: string): Promise<RefreshToken | null>;
  /** What the store keeps of `r`. */
  hashOf(r: string): Promise<string>;
}
