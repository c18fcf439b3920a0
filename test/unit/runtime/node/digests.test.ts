import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { webDigests } from "../../../../src/lib/digests.ts";
import { nodeDigests } from "../../../../src/runtime/node/digests.ts";

const text = fc.string({ unit: "binary", maxLength: 300 });

describe("digests of node:crypto, with WebCrypto's as their oracle", () => {
  it("property: hashes and macs are the same, and come at once", async () => {
    const key = fc.uint8Array({ minLength: 1, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(key, text, async (bytes, given) => {
        expect(nodeDigests.sha256(given)).toBe(await webDigests.sha256(given));
        const [ours, theirs] = [
          await nodeDigests.importMac(Uint8Array.from(bytes)),
          await webDigests.importMac(Uint8Array.from(bytes)),
        ];
        const mac = ours.of(given);
        if (typeof mac !== "string") throw new Error("it comes at once");
        expect(mac).toBe(await theirs.of(given));
        expect([ours.matches(given, mac), await theirs.matches(given, mac)]).toEqual([true, true]);
      }),
      { numRuns: 200 },
    );
  });

  it("property: no other spelling and no other text matches", async () => {
    const bytes = new Uint8Array(32).fill(7);
    const macs = [await nodeDigests.importMac(bytes), await webDigests.importMac(bytes)];
    const good = await macs[0]?.of("text");
    if (good === undefined) throw new Error("there is a mac");
    const odd = fc.oneof(
      fc
        .nat(42)
        .chain((at) => fc.constantFrom(..."AZaz09-_=. é").map((c) => good.slice(0, at) + c + good.slice(at + 1))),
      fc.constantFrom(`${good}=`, `${good}A`, good.slice(1), ` ${good}`, "", "é".repeat(43)),
      // The last character carries four bits: its neighbours decode to the same bytes where a decoder is lenient.
      fc
        .constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        .map((c) => good.slice(0, -1) + c),
    );
    await fc.assert(
      fc.asyncProperty(odd, text, async (given, other) => {
        for (const mac of macs) {
          expect(await mac.matches("text", given)).toBe(given === good);
          expect(await mac.matches(other, good)).toBe(other === "text");
        }
      }),
      { numRuns: 300 },
    );
  });
});
