import { addressBucket } from "./address-bucket.ts";

/** One counter of attempts: at most `limit` in `window` ms, then locked for `lock` ms, doubled at each further miss up to `maxLock`. */
export interface AttemptBucket {
  readonly key: string;
  readonly limit: number;
  readonly window: number;
  readonly lock: number;
  readonly maxLock: number;
}

/** How many attempts may fail in a window of milliseconds. */
export interface AttemptLimit {
  readonly attempts: number;
  readonly window: number;
}

const FIRST_LOCK = 30_000;

/**
 * The counters that a login takes an attempt from. A device that shows a validly signed refresh token of the account, live
 * or dead, is counted by itself alone: strangers who fail on the account, or from the same address, do not lock it out.
 */
export function loginBuckets(
  login: {
    /** Stands for the account's name: a hash of it, because people type passwords into the wrong field. */
    readonly account: string;
    readonly address: string;
    /** The session of this account that the device showed a token of. */
    readonly device: { readonly sid: string } | null;
  },
  limits: { readonly perAccount: AttemptLimit; readonly perAddress: AttemptLimit },
): AttemptBucket[] {
  if (login.device !== null) return [bucket(`device:${login.account}:${login.device.sid}`, limits.perAccount)];
  return [
    bucket(`account:${login.account}`, limits.perAccount),
    bucket(`address:${addressBucket(login.address)}`, limits.perAddress),
  ];
}

const bucket = (key: string, { attempts, window }: AttemptLimit): AttemptBucket => ({
  key,
  limit: attempts,
  window,
  lock: Math.min(FIRST_LOCK, window),
  maxLock: window,
});
