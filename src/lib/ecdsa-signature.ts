/** Bytes of each of the two integers r and s over P-256. */
const SIZE = 32;
const INTEGER = 0x02;
const SEQUENCE = 0x30;

/**
 * An ES256 signature as OpenSSL takes it, from the form that it has in a JWS: DER (RFC 3279 §2.2.3, X.690 §10), from r and s in 32
 * bytes each (RFC 7518 §3.4). Null where it is not 64 bytes long; whether r and s are in range is for the check to say.
 */
export function ecdsaToDer(signature: Uint8Array): Uint8Array | null {
  if (signature.length !== 2 * SIZE) return null;
  const der = new Uint8Array(2 + 2 * (3 + SIZE));
  const between = writeInteger(der, 2, signature, 0);
  const end = writeInteger(der, between, signature, SIZE);
  der[0] = SEQUENCE;
  der[1] = end - 2;
  return end === der.length ? der : der.subarray(0, end);
}

/** Shortest form, as DER has it: no leading zeros but the one that keeps the sign off. Returns where it ends. */
function writeInteger(der: Uint8Array, at: number, signature: Uint8Array, from: number): number {
  const end = from + SIZE;
  let first = from;
  while (first < end - 1 && signature[first] === 0) first++;
  const padding = (signature[first] as number) >> 7;
  der[at] = INTEGER;
  der[at + 1] = padding + end - first;
  let to = at + 2 + padding;
  for (let index = first; index < end; index++) der[to++] = signature[index] as number;
  return to;
}

/** The other way. Throws a RangeError for what is no DER of two integers of at most 32 bytes. */
export function ecdsaFromDer(der: Uint8Array): Uint8Array {
  const signature = new Uint8Array(2 * SIZE);
  if (der[0] !== SEQUENCE || der[1] !== der.length - 2) throw malformed();
  const between = readInteger(der, 2, signature, SIZE);
  if (readInteger(der, between, signature, 2 * SIZE) !== der.length) throw malformed();
  return signature;
}

/** Right-aligned before `end`. Returns where the integer ends in `der`. */
function readInteger(der: Uint8Array, at: number, signature: Uint8Array, end: number): number {
  const length = der[at + 1] ?? 0;
  const to = at + 2 + length;
  if (der[at] !== INTEGER || length === 0 || to > der.length) throw malformed();
  const padding = length > 1 && der[at + 2] === 0 ? 1 : 0;
  const from = at + 2 + padding;
  // A zero stands before a high bit, and nowhere else.
  if ((der[from] as number) >> 7 !== padding || to - from > SIZE) throw malformed();
  for (let index = from, place = end - (to - from); index < to; index++) signature[place++] = der[index] as number;
  return to;
}

const malformed = (): RangeError => new RangeError("no DER of an ES256 signature");
