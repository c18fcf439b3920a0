import { hkdfSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createSecretRing } from "../../../src/keys/secrets.ts";

const A = "a secret of more than thirty-two bytes, Grüße";
const B = "another secret of more than thirty-two bytes";

describe("secret ring", () => {
  it("derives by HKDF-SHA-256 with one label a use", async () => {
    const ring = await createSecretRing({ secret: A, previous: null });
    const mac = await ring.subkey(ring.currentId, "refresh token");
    expect(mac).toEqual(new Uint8Array(hkdfSync("sha256", Buffer.from(A), "", "postern refresh token", 32)));
    expect(await ring.subkey(ring.currentId, "signing key")).not.toEqual(mac);
  });

  it("knows the previous secret by its id and makes new things with the present one", async () => {
    const before = await createSecretRing({ secret: A, previous: null });
    const during = await createSecretRing({ secret: B, previous: A });
    expect(during.currentId).not.toBe(before.currentId);
    expect(during.ids).toEqual([during.currentId, before.currentId]);
    expect(await during.subkey(before.currentId, "x")).toEqual(await before.subkey(before.currentId, "x"));
    const after = await createSecretRing({ secret: B, previous: null });
    expect(await after.subkey(before.currentId, "x")).toBeNull();
  });

  it("gives ids that are short, stable and safe in a token", async () => {
    const ring = await createSecretRing({ secret: A, previous: A });
    expect(ring.ids).toHaveLength(1);
    expect(ring.currentId).toMatch(/^[A-Za-z0-9_-]{8}$/);
    expect((await createSecretRing({ secret: A, previous: null })).currentId).toBe(ring.currentId);
    expect(await ring.subkey("__proto__", "x")).toBeNull();
  });
});
