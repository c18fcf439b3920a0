import type { KeyRing } from "../keys/key-ring.ts";
import { ACCESS_TOKEN_TYPE } from "../protocol/claims.ts";
import type { AccessTokens } from "./access-token.ts";
import { readClaims } from "./claims.ts";
import { type IssueOptions, issueAccessToken } from "./issue.ts";
import type { Principal } from "./principal.ts";
import { createTokenVerifier, type VerifierOptions } from "./verify.ts";

export interface AccessTokensOptions
  extends IssueOptions,
    Pick<VerifierOptions<Principal>, "keyRing" | "signature" | "cache"> {
  readonly keyRing: Pick<KeyRing, "find" | "sign">;
}

/** Issues and verifies access tokens (RFC 9068). */
export function createAccessTokens(options: AccessTokensOptions): AccessTokens {
  const { keyRing, signature, cache } = options;
  return {
    issue: (grant) => issueAccessToken(grant, keyRing, options),
    ...createTokenVerifier<Principal>({
      ...{ keyRing, signature, type: ACCESS_TOKEN_TYPE, ...(cache && { cache }) },
      read: (claims, kid, now) => readClaims(claims, kid, options, now),
    }),
  };
}
