import type { User } from "../accounts/records.ts";
import type { GrantedRefreshOutcome, StoredRefreshOutcome } from "./refresh-outcome.ts";
import type { Session, SessionLimits } from "./session.ts";

/** A refresh token whose mac has been checked, shown to the store. */
export interface RefreshRequest {
  readonly sub: string;
  readonly sid: string;
  readonly generation: number;
  /** Base64url of SHA-256 of the token's random part. */
  readonly rHash: string;
  /** Id of the secret that would make the successor. */
  readonly secretId: string;
  readonly context: string;
  readonly address: string;
  readonly userAgent: string;
  /** False: authenticate only (session mode); a current or previous token passes, nothing rotates. */
  readonly rotate: boolean;
  readonly limits: SessionLimits;
}

export type RefreshResult =
  | {
      readonly outcome: GrantedRefreshOutcome;
      readonly user: User;
      /** As it stands after the refresh: `generation` and `secretId` name the token to answer with. */
      readonly session: Session;
      readonly issuedAt: number;
    }
  | { readonly outcome: Exclude<StoredRefreshOutcome, GrantedRefreshOutcome> };
