import type { SignatureCheck, VerifyKey } from "../keys/key-ring.ts";
import { readPublicJwk } from "../keys/public-jwk.ts";
import { isJsonObject } from "../lib/json-object.ts";
import { ALGORITHMS, type Algorithm } from "../protocol/claims.ts";
import { type Fetch, readText } from "./fetch.ts";

/** Bounds on what is taken from wherever the keys are fetched; bytes, keys and milliseconds. */
const MAX_BYTES = 64 * 1024;
const MAX_KEYS = 64;
export const KEY_SET_TIMEOUT = 5_000;

/** Fetches a key set (RFC 7517 §5) and imports its keys, those of `known` as they are. Rejects when it brings none. */
export async function fetchKeySet(
  url: string,
  send: Fetch,
  signature: SignatureCheck,
  known: ReadonlyMap<string, VerifyKey>,
): Promise<Map<string, VerifyKey>> {
  const signal = AbortSignal.timeout(KEY_SET_TIMEOUT);
  // A redirect would lead to keys that nobody has named; Workers know no other way to refuse one.
  const response = await send(url, { signal, redirect: "manual", headers: { accept: "application/jwk-set+json" } });
  const text = await readText(response, MAX_BYTES, signal);
  if (response.status !== 200) throw new Error(`the answer was ${response.status}`);
  const set: unknown = JSON.parse(text);
  const listed = isJsonObject(set) && Array.isArray(set.keys) ? set.keys.slice(0, MAX_KEYS) : [];
  const keys = new Map<string, VerifyKey>();
  for (const member of listed) {
    const key = await importKey(member, signature, known);
    // Of two keys with one name nobody can say which is meant.
    if (key !== null && keys.has(key.kid)) throw new Error("two keys have one kid");
    if (key !== null) keys.set(key.kid, key);
  }
  if (keys.size === 0) throw new Error("the key set holds no key of use");
  return keys;
}

/** Null for a key that is not such as the gateway signs with (RFC 7517 §5: those that are not understood are left out). */
async function importKey(
  member: unknown,
  signature: SignatureCheck,
  known: ReadonlyMap<string, VerifyKey>,
): Promise<VerifyKey | null> {
  if (!isJsonObject(member) || typeof member.kid !== "string" || !isAlgorithm(member.alg)) return null;
  const { kid, alg } = member;
  const read = readPublicJwk(JSON.stringify(member), kid, alg);
  if (!read.ok) return null;
  const same = known.get(kid);
  if (same !== undefined && JSON.stringify(same.jwk) === JSON.stringify(read.jwk)) return same;
  try {
    return { kid, alg, jwk: read.jwk, handle: await signature.importKey(read.jwk, alg) };
  } catch {
    // A point that is not on the curve.
    return null;
  }
}

const isAlgorithm = (value: unknown): value is Algorithm => ALGORITHMS.some((name) => name === value);
