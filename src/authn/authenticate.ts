import type { KeyRing } from "../keys/key-ring.ts";
import type { Problem } from "../protocol/errors.ts";
import type { ViewState } from "../revocation/follower.ts";
import type { RevocationJudge } from "../revocation/view.ts";
import type { AccessTokens, TokenRefusal, Verified } from "../tokens/access-token.ts";
import type { Principal } from "../tokens/principal.ts";
import { CHALLENGE_INVALID_TOKEN } from "./challenge.ts";

/** Who a request acts as, or why it is refused. */
export type Authenticated =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly problem: Problem };

export interface AuthenticatorOptions {
  readonly accessTokens: AccessTokens;
  readonly keyRing: KeyRing;
  readonly view: RevocationJudge;
  readonly viewState: () => ViewState;
  readonly now: () => number;
}

export interface TokenAuthenticator {
  /** Why nothing that needs a login can be answered now, or null. With `serveStale` an old view passes, an unread one never. */
  viewProblem(serveStale: boolean): Problem | null;
  /** Synchronous for a token that has been seen before. */
  authenticateToken(token: string): Authenticated | Promise<Authenticated>;
}

/** Verifies tokens locally and asks the view: no round trip a request. */
export function createTokenAuthenticator(options: AuthenticatorOptions): TokenAuthenticator {
  const { accessTokens, keyRing, view, now } = options;

  function conclude(verified: Verified): Authenticated | Promise<Authenticated> {
    if (!verified.ok) return refuse(verified.reason);
    const refused = view.refuses(verified.principal);
    if (typeof refused === "boolean") return refused ? problem("token_revoked") : verified;
    return refused.then(
      (late): Authenticated => (late ? problem("token_revoked") : verified),
      (): Authenticated => UNKNOWN,
    );
  }

  async function withFreshKeys(token: string): Promise<Authenticated> {
    try {
      await keyRing.refresh();
    } catch {
      return UNKNOWN;
    }
    return conclude(await accessTokens.verify(token, now()));
  }

  function afterVerify(token: string, verified: Verified): Authenticated | Promise<Authenticated> {
    const unknownKey = !verified.ok && verified.reason === "unknown_key";
    return unknownKey && keyRing.mayRefetch() ? withFreshKeys(token) : conclude(verified);
  }

  return {
    viewProblem(serveStale) {
      switch (options.viewState()) {
        case "fresh":
        case "aging":
          return null;
        case "stale":
          return serveStale ? null : { code: "stale_view" };
        case "epoch_mismatch":
        case "rolled_back":
          return { code: "stale_view", detail: "The store has lost revocations; this gateway is writing them back." };
        case "catching_up":
          return { code: "stale_view", detail: "This gateway is still reading the revocations." };
      }
    },

    authenticateToken(token) {
      const verified = accessTokens.verify(token, now());
      return verified instanceof Promise
        ? verified.then((settled) => afterVerify(token, settled))
        : afterVerify(token, verified);
    },
  };
}

/** Whether the key exists, or the token was revoked, cannot be known now: no reason to tell a client that its login is gone. */
const UNKNOWN: Authenticated = { ok: false, problem: { code: "store_unavailable" } };

function refuse(reason: TokenRefusal): Authenticated {
  return problem(reason === "token_expired" ? "token_expired" : "token_invalid");
}

function problem(code: "token_invalid" | "token_expired" | "token_revoked"): Authenticated {
  return { ok: false, problem: { code, challenge: CHALLENGE_INVALID_TOKEN } };
}
