import type { KeyRing } from "./key-ring.ts";
import { type LoadContext, type LoadedKey, loadKey } from "./load-key.ts";
import { makeKey } from "./make-key.ts";
import { type KeyPlan, type KeySettings, newestKid, planKeys } from "./plan.ts";
import type { StoredKey } from "./stored-key.ts";
import { unwrap, wrap } from "./wrap.ts";

/** What of the store a key ring uses. */
export interface KeyStore {
  keys(input: Record<never, never>): Promise<{ readonly keys: readonly StoredKey[]; readonly now: number }>;
  addKey(input: { readonly key: StoredKey; readonly expectedNewest: string | null }): Promise<boolean>;
  rewrapKey(input: {
    readonly kid: string;
    readonly wrappedPrivate: string;
    readonly secretId: string;
    readonly expectedSecretId: string;
  }): Promise<boolean>;
}

export interface KeyRingOptions extends LoadContext, KeySettings {
  readonly store: KeyStore;
  /** The gateway's clock, milliseconds since 1970; the store's is followed by its difference at each read. */
  readonly now: () => number;
  /** False where what one request waits for must not be waited for by another: each reads for itself. Default: true. */
  readonly sharesReads?: boolean;
}

export interface StoredKeyRing extends KeyRing {
  /** As `refresh`, and what was stored before the call is read: a read under way may have begun too early. */
  reload(): Promise<void>;
  /** Writes keys back that the store has lost; those that it still has stay as they are. */
  restore(): Promise<void>;
  /**
   * Milliseconds until `refresh` should be called again: when rotation has something to do, and to learn of others' keys each
   * minute, or sooner where keys are published for so short a time that they would sign by then.
   */
  dueIn(): number;
}

/** Between two reads that unknown kids ask for. */
const COOL_DOWN = 1_000;
const MAX_DUE = 60_000;
const MIN_DUE = 1_000;
/** Lost races in a row before a refresh leaves the rest to the next. */
const MAX_ROUNDS = 5;

/** A key ring over the store's keys. Empty until the first `refresh`. */
export function createKeyRing(options: KeyRingOptions): StoredKeyRing {
  const { store, secrets, now, sharesReads = true } = options;
  // The other part of `publishAhead` is for those who keep a copy of the key set (http/well-known.ts).
  const learnWithin = Math.min(MAX_DUE, options.publishAhead / 4);
  let loaded: ReadonlyMap<string, LoadedKey> = new Map();
  /** Keys that must not be used, by kid, with the text that was refused: reported once. */
  let refused: ReadonlyMap<string, string> = new Map();
  let stored: readonly StoredKey[] = [];
  let plan: KeyPlan = { signing: null, publish: [], add: null, changesAt: 0 };
  let clockOffset = 0;
  let reading: Promise<void> | null = null;
  let readsUnderWay = 0;
  /** Reads are numbered as they begin: what an older one brings does not take the place of what a newer one brought. */
  let lastRead = 0;
  let adopted = 0;
  let readAt = Number.NEGATIVE_INFINITY;
  let failure: { readonly error: unknown } | null = null;

  // A clock that was set back must not make the cool-down last.
  const coolingDown = (): boolean => Math.abs(now() - readAt) < COOL_DOWN;

  function replan(): void {
    const planned = stored.map((key) => ({ ...key, canSign: (loaded.get(key.kid)?.signer ?? null) !== null }));
    plan = planKeys(planned, now() + clockOffset, options);
  }

  async function adopt(keys: readonly StoredKey[], storeNow: number, number: number): Promise<void> {
    const next = new Map<string, LoadedKey>();
    const nextRefused = new Map<string, string>();
    for (const key of keys) {
      if (key.revokedAt !== null || key.removeAt <= storeNow) continue;
      const known = loaded.get(key.kid);
      if (known !== undefined && isSame(known, key)) {
        next.set(key.kid, { ...known, stored: key });
        continue;
      }
      const entry = refused.get(key.kid) === key.publicJwk ? null : await loadKey(key, options);
      if (entry === null) nextRefused.set(key.kid, key.publicJwk);
      else next.set(key.kid, entry);
    }
    if (number < adopted) return;
    adopted = number;
    loaded = next;
    refused = nextRefused;
    // A key that could not be loaded verifies nothing, but it still counts for "the newest".
    stored = keys;
    replan();
  }

  async function readOnce(): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      lastRead += 1;
      const number = lastRead;
      const answer = await store.keys({});
      clockOffset = answer.now - now();
      await adopt(answer.keys, answer.now, number);
      if (plan.add === null) break;
      const key = await makeKey(options.alg, plan.add, secrets);
      await store.addKey({ key, expectedNewest: newestKid(answer.keys) });
    }
    for (const { stored: key, signer } of loaded.values()) {
      if (signer !== null && key.secretId !== secrets.currentId) await rewrap(key);
    }
  }

  async function restore(): Promise<void> {
    const held = [...stored].sort((a, b) => a.createdAt - b.createdAt);
    for (const key of held) {
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const answer = await store.keys({});
        if (key.removeAt <= answer.now || answer.keys.some(({ kid }) => kid === key.kid)) break;
        if (await store.addKey({ key, expectedNewest: newestKid(answer.keys) })) break;
      }
    }
  }

  /** After a change of secret: while both are known, keys move to the new one. */
  async function rewrap(key: StoredKey): Promise<void> {
    const bytes = await unwrap(key.kid, key, secrets);
    if (typeof bytes === "string") return;
    await store.rewrapKey({ kid: key.kid, ...(await wrap(key.kid, bytes, secrets)), expectedSecretId: key.secretId });
  }

  async function refresh(): Promise<void> {
    if (reading !== null) return reading;
    if (failure !== null && coolingDown()) throw failure.error;
    readAt = now();
    const read = readOnce();
    reading = sharesReads ? read : null;
    readsUnderWay += 1;
    try {
      await read;
      failure = null;
    } catch (error) {
      failure = { error };
      throw error;
    } finally {
      readsUnderWay -= 1;
      reading = null;
    }
  }

  function signingKey(): LoadedKey | null {
    if (now() + clockOffset >= plan.changesAt) replan();
    return plan.signing === null ? null : (loaded.get(plan.signing) ?? null);
  }

  return {
    find: (kid) => loaded.get(kid)?.verifyKey ?? null,
    mayRefetch: () => readsUnderWay > 0 || failure !== null || !coolingDown(),
    refresh,
    restore,
    async reload() {
      if (reading !== null) await reading.catch(() => {});
      await refresh();
    },
    dueIn: () =>
      plan.add === null
        ? clamp(plan.changesAt - clockOffset - now(), Math.min(MIN_DUE, learnWithin), learnWithin)
        : MIN_DUE,
    jwks: () => ({
      keys: plan.publish.map((kid) => loaded.get(kid)?.verifyKey.jwk).filter((jwk) => jwk !== undefined),
    }),
    sign(typ, claims) {
      const key = signingKey();
      return key === null ? refresh().then(() => signWith(signingKey(), typ, claims)) : signWith(key, typ, claims);
    },
  };
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

function signWith(key: LoadedKey | null, typ: string, claims: object): string | Promise<string> {
  if (key === null || key.signer === null) throw new Error("no signing key is ready");
  const { alg, kid } = key.verifyKey;
  return key.signer({ alg, kid, typ }, JSON.stringify(claims));
}

/** Whether a key in memory is still what the store has; one that could not be opened is tried again when it was wrapped anew. */
const isSame = ({ stored, signer }: LoadedKey, key: StoredKey): boolean =>
  stored.publicJwk === key.publicJwk &&
  stored.alg === key.alg &&
  (signer !== null || stored.wrappedPrivate === key.wrappedPrivate);
