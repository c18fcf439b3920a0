import fc from "fast-check";
import { compactVerify, exportJWK, generateKeyPair, importJWK } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { importWebSigner, type SignJws } from "../../../../src/keys/signer.ts";
import { ALGORITHMS, type Algorithm } from "../../../../src/protocol/claims.ts";
import { importNodeSigner } from "../../../../src/runtime/node/signer.ts";

interface Pair {
  readonly alg: Algorithm;
  readonly publicKey: CryptoKey | Uint8Array;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  readonly web: SignJws;
  readonly node: SignJws;
}

describe("the signer of node:crypto, with jose over WebCrypto as its oracle", () => {
  const pairs: Pair[] = [];

  beforeAll(async () => {
    for (const alg of ALGORITHMS) {
      const made = await generateKeyPair(alg, { extractable: true });
      const [jwk, publicJwk] = [await exportJWK(made.privateKey), await exportJWK(made.publicKey)];
      const publicKey = await importJWK(publicJwk, alg);
      const [web, node] = [await importWebSigner({ ...jwk }, alg), await importNodeSigner({ ...jwk }, alg)];
      pairs.push({ alg, publicKey, publicJwk: { ...publicJwk }, web, node });
    }
  });

  it("property: makes jose's very token, and where the algorithm draws a random number, one that jose verifies", async () => {
    const header = fc.record({ kid: fc.string({ maxLength: 64 }), typ: fc.constantFrom("at+jwt", "identity+jwt") });
    const payload = fc.string({ unit: "binary", maxLength: 700 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...pairs), header, payload, async (pair, names, text) => {
        const full = { alg: pair.alg, ...names };
        const ours = pair.node(full, text);
        if (typeof ours !== "string") throw new Error("it signs at once");
        const { payload: read, protectedHeader } = await compactVerify(ours, pair.publicKey, {
          algorithms: [pair.alg],
        });
        expect([new TextDecoder("utf-8", { ignoreBOM: true }).decode(read), protectedHeader]).toEqual([text, full]);
        const theirs = await pair.web(full, text);
        if (pair.alg === "ES256") expect(signed(ours)).toBe(signed(theirs));
        else expect(ours).toBe(theirs);
      }),
      { numRuns: 50 },
    );
  });

  it("takes no public key, as jose's does not", async () => {
    for (const { alg, publicJwk } of pairs) {
      await expect(importNodeSigner(publicJwk, alg)).rejects.toThrow();
      await expect(importWebSigner(publicJwk, alg)).rejects.toThrow();
    }
  });
});

const signed = (token: string): string => token.slice(0, token.lastIndexOf("."));
