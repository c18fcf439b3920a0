import { encodeBase64url } from "./base64url.ts";
import { randomHex } from "./random-hex.ts";

/** 128 random bits in base64url: 22 characters. */
export const randomId = (): string => encodeBase64url(crypto.getRandomValues(new Uint8Array(16)));

/** What an id names: a user, a client, a session, a running gateway. */
type Prefix = "u" | "c" | "s" | "n";

/** An id of 128 random bits behind a prefix that tells a reader what it names: `u_…`. */
export const newId = (prefix: Prefix): string => `${prefix}_${randomId()}`;

/** Whether a text has the form of the ids that `newId` makes. */
export const isId = (prefix: Prefix, text: string): boolean =>
  text.startsWith(`${prefix}_`) && /^[A-Za-z0-9_-]{22}$/.test(text.slice(2));

/** A UUIDv7 (RFC 9562 §5.7) whose first 48 bits are `milliseconds`. */
export function uuidv7(milliseconds: number): string {
  const time = Math.floor(milliseconds).toString(16).padStart(12, "0");
  const random = randomHex(10);
  const variant = VARIANTS[Number.parseInt(random.charAt(3), 16) & 3];
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
}

const VARIANTS = "89ab";
const UUIDV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The milliseconds since 1970 that a UUIDv7 in canonical lower case carries, or null when it is none. */
export function uuidv7Milliseconds(text: string): number | null {
  if (!UUIDV7.test(text)) return null;
  return Number.parseInt(text.slice(0, 8) + text.slice(9, 13), 16);
}
