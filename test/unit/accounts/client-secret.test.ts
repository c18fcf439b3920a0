import { expect, test } from "vitest";
import { hashSecret, newClientSecret, secretMatches } from "../../../src/accounts/client-secret.ts";

test("a secret matches its own hash and no other", async () => {
  const secret = newClientSecret();
  const hash = await hashSecret(secret);
  expect(secret).toMatch(/^pcs_[A-Za-z0-9_-]{43}$/);
  expect(hash).toMatch(/^sha256:[A-Za-z0-9_-]{43}$/);
  expect(hash).not.toContain(secret);
  expect(await secretMatches(hash, secret)).toBe(true);
  expect(await secretMatches(hash, `${secret}x`)).toBe(false);
  expect(await secretMatches(hash, "")).toBe(false);
  expect(newClientSecret()).not.toBe(secret);
});

test.each(["", "sha256:", "sha256:AAAA", "sha256:not base64url", "md5:AAAA"])(
  "a broken hash %j matches nothing",
  async (hash) => {
    expect(await secretMatches(hash, "")).toBe(false);
  },
);
