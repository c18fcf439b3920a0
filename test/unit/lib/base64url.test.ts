import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64url, encodeBase64url } from "../../../src/lib/base64url.ts";

describe("base64url", () => {
  it("property: reads back what it writes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(decodeBase64url(encodeBase64url(bytes))).toEqual(Uint8Array.from(bytes));
      }),
    );
  });

  it("property: reads a text exactly when Node's decoder reads it and writes it back the same", () => {
    const letter = fc.constantFrom(..."ABYZabyz0189-_AQgw+/= \n.é\u0000");
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: letter, maxLength: 12 }), fc.base64String()), (text) => {
        const bytes = Buffer.from(text, "base64url");
        const isCanonical = bytes.toString("base64url") === text;
        expect(decodeBase64url(text)).toEqual(isCanonical ? Uint8Array.from(bytes) : null);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([8188, 8192, 8196, 20_000])("reads %i characters, and none of them beyond ASCII", (length) => {
    const text = "_wAB".repeat(length / 4);
    expect(decodeBase64url(text)).toEqual(Uint8Array.from(Buffer.from(text, "base64url")));
    for (const other of ["é", "€", "\ud800", "😀"]) {
      for (const at of [0, 5, length - other.length]) {
        expect(decodeBase64url(text.slice(0, at) + other + text.slice(at + other.length))).toBeNull();
      }
    }
  });

  it("has one spelling for one byte string", () => {
    const spellings = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]
      .map((last) => `Y${last}`)
      .filter((text) => decodeBase64url(text)?.[0] === "a".charCodeAt(0));
    expect(spellings).toEqual(["YQ"]);
  });
});
