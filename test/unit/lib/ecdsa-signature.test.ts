import { generateKeyPairSync, sign, verify } from "node:crypto";
import fc from "fast-check";
import { CompactSign, compactVerify } from "jose";
import { describe, expect, it } from "vitest";
import { ecdsaFromDer, ecdsaToDer } from "../../../src/lib/ecdsa-signature.ts";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const hex = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString("hex");
const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
/** r or s, often short or with its high bit set: what the shortest form turns on. */
const integer = fc
  .tuple(fc.nat(32), fc.uint8Array({ minLength: 32, maxLength: 32 }))
  .map(([zeros, random]) => random.fill(0, 0, zeros));

describe("ES256 signatures in DER and as r and s", () => {
  it("property: OpenSSL takes what was signed over WebCrypto, and jose what OpenSSL signed", async () => {
    const web = await crypto.subtle.importKey(
      ...([
        "jwk",
        privateKey.export({ format: "jwk" }),
        { name: "ECDSA", namedCurve: "P-256" },
        false,
        ["sign"],
      ] as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (message) => {
        const theirs = new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, web, message));
        expect(verify("sha256", message, publicKey, ecdsaToDer(theirs) ?? new Uint8Array())).toBe(true);
        const [head] = (await new CompactSign(message).setProtectedHeader({ alg: "ES256" }).sign(privateKey)).split(
          ".",
        );
        const input = `${head}.${Buffer.from(message).toString("base64url")}`;
        const ours = Buffer.from(ecdsaFromDer(sign("sha256", Buffer.from(input), privateKey)));
        await compactVerify(`${input}.${ours.toString("base64url")}`, publicKey);
      }),
      { numRuns: 150 },
    );
  });

  it("property: 64 bytes become DER as X.690 has it, and the same 64 bytes again", () => {
    fc.assert(
      fc.property(integer, integer, (r, s) => {
        const signature = Uint8Array.from([...r, ...s]);
        const der = ecdsaToDer(signature);
        expect(hex(der)).toBe(sequence(BigInt(`0x${hex(r)}`), BigInt(`0x${hex(s)}`)));
        expect(hex(ecdsaFromDer(der ?? new Uint8Array()))).toBe(hex(signature));
      }),
      { numRuns: 2000 },
    );
  });

  it("makes none from another length", () => {
    for (const length of [0, 1, 32, 63, 65, 70, 72, 96, 128]) expect(ecdsaToDer(new Uint8Array(length))).toBeNull();
  });

  it("leaves it to OpenSSL to refuse zero and what is past the order", () => {
    const order = bytes("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    const message = Buffer.from("message");
    const good = ecdsaFromDer(sign("sha256", message, privateKey));
    expect(verify("sha256", message, publicKey, ecdsaToDer(good) ?? new Uint8Array())).toBe(true);
    for (const other of [Buffer.alloc(32), order, Buffer.alloc(32, 0xff)]) {
      for (const [r, s] of [
        [other, good.subarray(32)],
        [good.subarray(0, 32), other],
        [other, other],
      ]) {
        const der = ecdsaToDer(Uint8Array.from([...(r ?? []), ...(s ?? [])]));
        expect(verify("sha256", message, publicKey, der ?? new Uint8Array())).toBe(false);
      }
    }
  });

  it.each([
    ["nothing", ""],
    ["a sequence of nothing", "3000"],
    ["one integer", "3003 020101"],
    ["three", "3009 020101 020101 020101"],
    ["another length than it has", "3007 020101 020101"],
    ["a length in two bytes", "308106 020101 020101"],
    ["more after it", "3006 020101 020101 00"],
    ["a set", "3106 020101 020101"],
    ["a bit string in it", "3006 030101 020101"],
    ["an empty integer", "3005 0200 020101"],
    ["a negative one", "3006 020181 020101"],
    ["a leading zero too many", "3007 02020001 020101"],
    ["an integer past the end", "3006 020101 020201"],
    ["33 bytes of an integer", `3026 0221 01${"00".repeat(32)} 020101`],
  ])("is not read from %s", (_name, text) => {
    expect(() => ecdsaFromDer(bytes(text))).toThrow(RangeError);
  });
});

/** X.690 §8.3 by big integers. */
function sequence(...integers: bigint[]): string {
  const parts = integers.map((value) => {
    const digits = value.toString(16);
    const even = digits.length % 2 === 0 ? digits : `0${digits}`;
    const positive = even >= "8" ? `00${even}` : even;
    return `02${(positive.length / 2).toString(16).padStart(2, "0")}${positive}`;
  });
  const content = parts.join("");
  return `30${(content.length / 2).toString(16).padStart(2, "0")}${content}`;
}
