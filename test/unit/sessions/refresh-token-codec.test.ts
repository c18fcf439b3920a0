import { describe, expect, test } from "vitest";
import { createSecretRing } from "../../../src/keys/secrets.ts";
import { newId, randomId } from "../../../src/lib/ids.ts";
import { createRefreshTokens } from "../../../src/sessions/refresh-token-codec.ts";

const OLD = "the secret before, of more than thirty-two bytes";
const NEW = "the present secret, of more than thirty-two bytes";
const codecOf = async (secret: string, previous: string | null = null) =>
  createRefreshTokens(await createSecretRing({ secret, previous }));

const parts = (secretId: string) =>
  ({ channel: "cookie", secretId, sub: newId("u"), sid: newId("s"), generation: 7, r: randomId() }) as const;

describe("a refresh token", () => {
  test("reads back as it was made, and is the same text every time", async () => {
    const codec = await codecOf(NEW);
    const token = parts(codec.secretId);
    const text = await codec.encode(token);
    expect(await codec.decode(text)).toEqual(token);
    expect(await codec.encode(token)).toBe(text);
    expect(text.length).toBeLessThan(256);
  });

  test("is refused when any one character of it is changed, cut off or added", async () => {
    const codec = await codecOf(NEW);
    const text = await codec.encode(parts(codec.secretId));
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === "A" ? "B" : "A";
      expect(await codec.decode(text.slice(0, at) + other + text.slice(at + 1)), `at ${at}`).toBeNull();
    }
    for (const odd of [text.slice(0, -1), `${text}A`, `${text}=`, ` ${text}`, `${text}\n`, text.toUpperCase(), ""]) {
      expect(await codec.decode(odd)).toBeNull();
    }
  });

  test("has one spelling: the unused bits of its mac are zero", async () => {
    const codec = await codecOf(NEW);
    const text = await codec.encode(parts(codec.secretId));
    const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = digits.indexOf(text.slice(-1));
    expect(await codec.decode(text.slice(0, -1) + digits[last + 1])).toBeNull();
  });

  test("survives a change of secret while the old one is known, and ends when it is not", async () => {
    const before = await codecOf(OLD);
    const text = await before.encode(parts(before.secretId));
    expect(await (await codecOf(NEW, OLD)).decode(text)).not.toBeNull();
    expect(await (await codecOf(NEW)).decode(text)).toBeNull();
  });

  test("is made by the secret that its record names, and by the present one where that is unknown", async () => {
    const both = await codecOf(NEW, OLD);
    const before = await codecOf(OLD);
    const token = parts(before.secretId);
    expect(await both.encode(token)).toBe(await before.encode(token));
    const onlyNew = await codecOf(NEW);
    expect((await onlyNew.decode(await onlyNew.encode(token)))?.secretId).toBe(onlyNew.secretId);
  });

  test("does not hold what the store keeps of its random part", async () => {
    const codec = await codecOf(NEW);
    const token = parts(codec.secretId);
    const hash = await codec.hashOf(token.r);
    expect(hash).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(await codec.encode(token)).not.toContain(hash);
  });
});
