export type { IdentityClaims } from "../protocol/claims.ts";
export type { Principal } from "../tokens/principal.ts";
export {
  FeedRefused,
  type FollowedRevocations,
  type FollowOptions,
  followRevocations,
} from "./follow-revocations.ts";
export { type Caller, createGuard, type Guarded, type Requirement } from "./guard.ts";
export { AccessTokenRefused, IdentityRefused } from "./refused.ts";
export { createVerifier, type Revocations, type Verifier, type VerifierOptions } from "./verifier.ts";
