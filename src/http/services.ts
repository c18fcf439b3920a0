import type { Passwords } from "../accounts/passwords.ts";
import type { TokenAuthenticator } from "../authn/authenticate.ts";
import type { Renew } from "../authn/renewal.ts";
import type { Config, Secrets } from "../config/config.ts";
import type { KeyRing } from "../keys/key-ring.ts";
import type { Observe } from "../observe/observation.ts";
import type { Reports } from "../observe/readiness.ts";
import type { RevocationFeeds } from "../revocation/feed-streams.ts";
import type { ViewState } from "../revocation/follower.ts";
import type { RefreshTokens } from "../sessions/refresh-token.ts";
import type { Store } from "../stores/store.ts";
import type { AccessTokens } from "../tokens/access-token.ts";

/** What Postern's own endpoints work with. */
export interface Services extends TokenAuthenticator {
  readonly config: Config;
  /** What the configuration is called, to tell two apart. */
  readonly configHash: string;
  readonly secrets: Secrets;
  readonly store: Store;
  readonly keyRing: KeyRing;
  readonly accessTokens: AccessTokens;
  readonly refreshTokens: RefreshTokens;
  readonly passwords: Passwords;
  readonly observe: Observe;
  readonly reports: Reports;
  /** The content type of metrics; null where nobody counts. */
  readonly metricsType: string | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Resolves after so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Renews a session: the one way for /auth/refresh and for the refresh_token grant. */
  readonly renew: Renew;
  /** Applies what the store has published so far to this gateway's view. Rejects with a store error. */
  catchUp(): Promise<void>;
  viewState(): ViewState;
  /** Whether it is about to stop: it serves, and asks for no more. */
  isLeaving(): boolean;
  /** What services follow the revocations on. */
  readonly feed: RevocationFeeds;
}
