import { CompactEncrypt } from "jose";
import { describe, expect, it } from "vitest";
import { createSecretRing } from "../../../src/keys/secrets.ts";
import { unwrap, wrap } from "../../../src/keys/wrap.ts";

const ring = (secret: string) => createSecretRing({ secret: secret.repeat(40), previous: null });
const bytes = new TextEncoder().encode('{"d":"private"}');

describe("wrapping of private keys", () => {
  it("opens with the secret that closed it", async () => {
    const secrets = await ring("a");
    const wrapped = await wrap("k1", bytes, secrets);
    expect(wrapped.secretId).toBe(secrets.currentId);
    expect(await unwrap("k1", wrapped, secrets)).toEqual(bytes);
    expect(await unwrap("k1", wrapped, await ring("b"))).toBe("unknown_secret");
  });

  it("does not open under another key's name, another secret's, or when changed", async () => {
    const [secrets, others] = [await ring("a"), await ring("b")];
    const wrapped = await wrap("k1", bytes, secrets);
    expect(await unwrap("k2", wrapped, secrets)).toBe("damaged");
    expect(await unwrap("k1", { ...wrapped, secretId: others.currentId }, others)).toBe("damaged");
    for (let part = 0; part < 5; part += 1) {
      const parts = wrapped.wrappedPrivate.split(".");
      parts[part] = `${parts[part]}AAAA`;
      expect(await unwrap("k1", { ...wrapped, wrappedPrivate: parts.join(".") }, secrets), `${part}`).toBe("damaged");
    }
    expect(await unwrap("k1", { ...wrapped, wrappedPrivate: "" }, secrets)).toBe("damaged");
  });

  it("takes no other algorithm, under whatever key", async () => {
    const secrets = await ring("a");
    const key = (await secrets.subkey(secrets.currentId, "signing key")) ?? new Uint8Array();
    const header = { alg: "A256KW", enc: "A256GCM", kid: "k1" };
    const wrappedPrivate = await new CompactEncrypt(bytes).setProtectedHeader(header).encrypt(key);
    expect(await unwrap("k1", { wrappedPrivate, secretId: secrets.currentId }, secrets)).toBe("damaged");
  });

  it("never writes the same text twice", async () => {
    const secrets = await ring("a");
    const [one, two] = [await wrap("k1", bytes, secrets), await wrap("k1", bytes, secrets)];
    expect(one.wrappedPrivate).not.toBe(two.wrappedPrivate);
  });
});
