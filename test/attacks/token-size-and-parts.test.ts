// The attacker makes the gateway work before it refuses: tokens of many parts, of none, of many kilobytes, or encrypted ones
// (JWE) whose header asks for two thousand million rounds of a key derivation or for a decompression bomb.
// SECURITY: AT11 (RFC 8725 §3.6, CVE-2024-28176, CVE-2022-36083).
import { Pool } from "undici";
import { afterAll, expect, test } from "vitest";
import { compact, forgingGateway, readToken } from "./forge.ts";
import { expectAccepted, expectRefused, freshToken, showToken } from "./shown-access-token.ts";

const { subject, forge } = await forgingGateway();
const token = await freshToken(subject);
const { header, claims } = readToken(token);
const encoded = (text: string): string => Buffer.from(text).toString("base64url");

/** Two thousand million rounds would take longer than a test may. */
const slow = encoded(
  JSON.stringify({ alg: "PBES2-HS256+A128KW", enc: "A128CBC-HS256", p2c: 2_147_483_647, p2s: "c2FsdHNhbHRzYWx0" }),
);
const bomb = encoded(JSON.stringify({ alg: "dir", enc: "A256GCM", zip: "DEF", kid: forge.kid }));
const jwes = [
  `${slow}.${encoded("k".repeat(40))}.${encoded("i".repeat(16))}.${encoded("c".repeat(64))}.${encoded("t".repeat(16))}`,
  `${bomb}..${encoded("i".repeat(12))}.${encoded("c".repeat(4000))}.${encoded("t".repeat(16))}`,
];

test("encrypted tokens, by the thousand", async () => {
  const pool = new Pool(subject.url, { connections: 8 });
  afterAll(() => pool.close());
  const statuses = await Promise.all(
    Array.from({ length: 1000 }, async (_, index) => {
      const authorization = `Bearer ${jwes[index % jwes.length]}`;
      const { statusCode, body } = await pool.request({
        path: "/api/orders",
        method: "GET",
        headers: { authorization },
      });
      await body.dump();
      return statusCode;
    }),
  );
  expect(new Set(statuses)).toEqual(new Set([401]));
  await expectAccepted(subject, token);
});

const [head = "", payload = "", signature = ""] = token.split(".");
test.each([
  [".", "."],
  ["two dots", ".."],
  ["one part", head],
  ["two parts", `${head}.${payload}`],
  ["no signature", `${head}.${payload}.`],
  ["no payload", `${head}..${signature}`],
  ["no header", `.${payload}.${signature}`],
  ["a dot at the end", `${token}.`],
  ["a dot at the beginning", `.${token}`],
  ["four parts", `${token}.${signature}`],
  ["five parts", `${token}.${payload}.${signature}`],
  ["the token twice", `${token}${token}`],
  ["two tokens joined", `${token}.${token}`],
  ["thousands of dots", ".".repeat(8000)],
  ["thousands of parts", "a.".repeat(4000)],
])("a token of %s", (_, odd) => expectRefused(subject, odd));

test("a token of more than 8 KiB is refused though its signature is right", async () => {
  const long = (fill: number): string => forge.sign(header, { ...claims, x: "x".repeat(fill) });
  const fits = long(5000);
  expect(fits.length).toBeLessThan(8192);
  await expectAccepted(subject, fits);
  const tooLong = long(6000);
  expect(tooLong.length).toBeGreaterThan(8192);
  await expectRefused(subject, tooLong);
});

test("a head of more than 16 KiB is not read to its end", async () => {
  const huge = compact(header, { ...claims, x: "x".repeat(100_000) }, () => new Uint8Array(64));
  expect((await showToken(subject, huge)).status).toBe(431);
});
