import type { Algorithm } from "../protocol/claims.ts";
import type { StoredKey } from "./stored-key.ts";

/** How keys rotate. Milliseconds. */
export interface KeySettings {
  readonly alg: Algorithm;
  readonly rotateEvery: number;
  /** How long a key is published before it signs, so that whoever holds a copy of the key set has it by then. */
  readonly publishAhead: number;
  readonly accessTtl: number;
}

/** What of a key rotation depends on. `canSign`: its private half is at hand. */
export interface PlannedKey extends KeyTimes {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly revokedAt: number | null;
  readonly canSign: boolean;
}

export type KeyTimes = Pick<StoredKey, "createdAt" | "signsFrom" | "signsUntil" | "removeAt">;

export interface KeyPlan {
  /** The kid that signs now; null until a key is made. */
  readonly signing: string | null;
  /** The kids that verify and that the key set shows. */
  readonly publish: readonly string[];
  /** The times of a key that is due to be made, or null. */
  readonly add: KeyTimes | null;
  /** Until then the plan stays the same. */
  readonly changesAt: number;
}

/** A key is kept this long past the end of its last token: clocks differ, and identity assertions live a minute. */
const KEEP_MARGIN = 120_000;

/**
 * Rotation: every key has its successor published before that one signs, and is kept until what it signed has expired. A gateway
 * signs with keys of its own configured algorithm, so that during a rolling change of configuration old and new gateways don't
 * take turns making keys; keys of another algorithm bridge the time until a new one has been published.
 */
export function planKeys(keys: readonly PlannedKey[], now: number, settings: KeySettings): KeyPlan {
  const live = keys.filter((key) => key.revokedAt === null && now < key.removeAt);
  const usable = live.filter((key) => key.canSign && now < lastSign(key, settings));
  const own = usable.filter((key) => key.alg === settings.alg);
  const signing = newest(own, now) ?? newest(usable, now) ?? earliest(own);

  const ownEnd = Math.max(...own.map((key) => lastSign(key, settings)), Number.NEGATIVE_INFINITY);
  const due = ownEnd - settings.publishAhead;
  const changes = live.flatMap((key) => [key.signsFrom, lastSign(key, settings), key.removeAt]).concat(due);
  return {
    signing: signing?.kid ?? null,
    publish: live.map((key) => key.kid),
    add: due > now ? null : newKeyTimes(keys, startOfNext(ownEnd, signing, now, settings), now, settings),
    changesAt: Math.min(...changes.filter((time) => time > now), Number.POSITIVE_INFINITY),
  };
}

/** The times of a key that signs from `signsFrom`. It is created after every other, by the millisecond, so that "the newest" is one. */
export function newKeyTimes(
  keys: readonly { readonly createdAt: number }[],
  signsFrom: number,
  now: number,
  { rotateEvery, accessTtl }: KeySettings,
): KeyTimes {
  const createdAt = Math.max(now, ...keys.map((key) => key.createdAt + 1));
  const signsUntil = signsFrom + rotateEvery;
  return { createdAt, signsFrom, signsUntil, removeAt: signsUntil + accessTtl + KEEP_MARGIN };
}

/** The newest kid, by which racing gateways notice each other. */
export const newestKid = (keys: readonly { readonly kid: string; readonly createdAt: number }[]): string | null =>
  keys.reduce<{ kid: string | null; createdAt: number }>(
    (best, key) => (key.createdAt >= best.createdAt ? key : best),
    { kid: null, createdAt: Number.NEGATIVE_INFINITY },
  ).kid;

/** The end of a key's signing: sooner than it was made for where access tokens have come to live longer than it is kept. */
const lastSign = (key: KeyTimes, { accessTtl }: KeySettings): number =>
  Math.min(key.signsUntil, key.removeAt - accessTtl - KEEP_MARGIN);

function startOfNext(ownEnd: number, signing: PlannedKey | null, now: number, settings: KeySettings): number {
  if (ownEnd > now) return ownEnd;
  if (signing === null) return now;
  return Math.min(now + settings.publishAhead, lastSign(signing, settings));
}

const newest = (keys: readonly PlannedKey[], now: number): PlannedKey | null =>
  keys
    .filter((key) => key.signsFrom <= now)
    .reduce<PlannedKey | null>((best, key) => (best === null || key.signsFrom >= best.signsFrom ? key : best), null);

/** After the signing key was revoked, its successor, published already, signs before its time. */
const earliest = (keys: readonly PlannedKey[]): PlannedKey | null =>
  keys.reduce<PlannedKey | null>((best, key) => (best === null || key.signsFrom < best.signsFrom ? key : best), null);
