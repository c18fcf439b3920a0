// One signed token can be written in several ways that a lenient decoder reads as the same bytes: with padding, white space,
// other letters for the same bits, and, with ECDSA, even with another valid signature. A blocklist of token texts lets the second
// spelling of a revoked token pass. Every spelling of a good token but its own is refused; no spelling of a revoked one passes.
// SECURITY: AT10 and fact F1 (RFC 7515 §2).
import { expect, test } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { forgingGateway, readToken } from "./forge.ts";
import { expectAccepted, expectRefused, freshToken } from "./shown-access-token.ts";

const { subject } = await forgingGateway();

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const ORDER = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

/** Other last letters that stand for the same bytes: only bits that count for nothing differ. */
function otherTails(part: string): readonly string[] {
  const bytes = Buffer.from(part, "base64url");
  return [...ALPHABET]
    .map((letter) => part.slice(0, -1) + letter)
    .filter((other) => other !== part && Buffer.from(other, "base64url").equals(bytes));
}

/** Ways of writing a token that Buffer.from(…, "base64url") reads alike. */
function spellings(token: string): readonly string[] {
  const parts = token.split(".");
  const withPart = (index: number, change: (part: string) => string): string =>
    parts.map((part, at) => (at === index ? change(part) : part)).join(".");
  return [0, 1, 2].flatMap((index) => [
    withPart(index, (part) => `${part}=`),
    withPart(index, (part) => `${part}==`),
    withPart(index, (part) => `${part.slice(0, 9)} ${part.slice(9)}`),
    withPart(index, (part) => `${part.slice(0, 9)}\t${part.slice(9)}`),
    withPart(index, (part) => `${part.slice(0, 9)}%${part.slice(9)}`),
    withPart(index, (part) => `${part.slice(0, 9)}!${part.slice(9)}`),
    withPart(index, (part) => `${part}A`),
    withPart(index, (part) => part.replaceAll("-", "+").replaceAll("_", "/")),
    ...otherTails(parts[index] ?? "").map((other) => withPart(index, () => other)),
  ]);
}

/** The other valid ECDSA signature of the same text: (r, n - s). */
function otherSignature(token: string): string {
  const dot = token.lastIndexOf(".");
  const signature = Buffer.from(token.slice(dot + 1), "base64url");
  const s = ORDER - BigInt(`0x${signature.subarray(32).toString("hex")}`);
  const other = Buffer.concat([signature.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, "0"), "hex")]);
  return `${token.slice(0, dot)}.${other.toString("base64url")}`;
}

/** Logs in until base64url has the letters that another alphabet writes otherwise, and spare bits in some part. */
async function tokenWithEverySpelling(): Promise<string> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const token = await freshToken(subject);
    const [head = "", payload = "", signature = ""] = token.split(".");
    if (/[-_]/.test(signature) && [head, payload, signature].some((part) => otherTails(part).length > 0)) return token;
  }
  throw new Error("no such token in 50 logins");
}

test("of a good token only its own spelling passes, before it has been seen and after", async () => {
  const token = await tokenWithEverySpelling();
  const others = spellings(token).filter((other) => other !== token);
  expect(others.length).toBeGreaterThan(24);
  for (const other of others) await expectRefused(subject, other, "token_invalid", other);
  await expectAccepted(subject, token);
  for (const other of others) await expectRefused(subject, other, "token_invalid", other);
});

test("of a revoked token none does, another valid signature included", async () => {
  const token = await tokenWithEverySpelling();
  const twin = otherSignature(token);
  expect(twin).not.toBe(token);
  await expectAccepted(subject, token);
  await expectAccepted(subject, twin);
  const { jti } = readToken(token).claims;
  expect((await subject.admin("/revocations", { json: { target: { jti } } })).status).toBe(200);
  await expectRefused(subject, token, "token_revoked");
  await expectRefused(subject, twin, "token_revoked");
  await expectRefused(subject, otherSignature(twin), "token_revoked");
  for (const other of spellings(token).filter((text) => text !== token)) await expectRefused(subject, other);
});

test("a line break in the header ends the request, not the token", async () => {
  const token = await freshToken(subject);
  const before = subject.upstream.requests.length;
  for (const broken of [`${token.slice(0, 99)}\r\n ${token.slice(99)}`, `${token.slice(0, 99)}\n${token.slice(99)}`]) {
    const head = `GET /api/orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer ${broken}\r\n\r\n`;
    expect((await rawRequest(subject.url, head)).status).toBe(400);
  }
  expect(subject.upstream.requests.length).toBe(before);
});
