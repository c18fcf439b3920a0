import type { Passwords } from "../accounts/passwords.ts";
import type { Config, Secrets } from "../config/config.ts";
import type { KeyRing } from "../keys/key-ring.ts";
import type { Observation } from "../observe/observation.ts";
import type { Problem } from "../protocol/errors.ts";
import type { RefreshOutcome } from "../sessions/refresh-outcome.ts";
import type { RefreshToken, RefreshTokens } from "../sessions/refresh-token.ts";
import type { Session } from "../sessions/session.ts";
import type { Store } from "../stores/store.ts";
import type { AccessTokens } from "../tokens/access-token.ts";
import type { Principal } from "../tokens/principal.ts";

/** What an authenticated request acts as, or why not. */
export type Authenticated =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly problem: Problem };

export type Renewal =
  | {
      readonly ok: true;
      readonly outcome: RefreshOutcome;
      readonly access: { readonly token: string; readonly expiresIn: number; readonly scopes: readonly string[] };
      /** The refresh token to keep. */
      readonly refreshToken: string;
      readonly session: Session;
    }
  | { readonly ok: false; readonly outcome: RefreshOutcome; readonly problem: Problem };

/** What Postern's own endpoints work with. */
export interface Services {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly store: Store;
  readonly keyRing: KeyRing;
  readonly accessTokens: AccessTokens;
  readonly refreshTokens: RefreshTokens;
  readonly passwords: Passwords;
  readonly observe: (event: Observation) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Verifies an access token's text, asks the view, and refuses by name. */
  authenticateToken(token: string): Authenticated | Promise<Authenticated>;
  /** Renews a session: the one way for /auth/refresh and for the refresh_token grant. `scope`: what was asked, or null. */
  renew(token: RefreshToken, request: RenewalContext): Promise<Renewal>;
  /** Applies what this gateway has just published to its own view, before it answers. */
  catchUp(): Promise<void>;
}

export interface RenewalContext {
  readonly address: string;
  readonly userAgent: string;
  /** Scopes asked for, or null for all that the session has. */
  readonly scopes: readonly string[] | null;
}
