import type { Argon2Cost } from "../../accounts/phc.ts";

/** What is asked of the hashing process. Passwords are normalised. */
export type HashingJob =
  | { readonly kind: "hash"; readonly password: string; readonly cost: Argon2Cost }
  | { readonly kind: "verify"; readonly password: string; readonly hash: string };

/** What comes of each: a hash in PHC form, and whether the password matches. */
export interface HashingOutput {
  readonly hash: string;
  readonly verify: boolean;
}

export interface HashingCall {
  readonly id: number;
  readonly job: HashingJob;
}

export type HashingReply =
  | { readonly kind: "done"; readonly id: number; readonly output: HashingOutput[HashingJob["kind"]] }
  | { readonly kind: "failed"; readonly id: number; readonly message: string };
