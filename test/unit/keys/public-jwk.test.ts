import { generateKeyPairSync } from "node:crypto";
import { exportJWK, generateKeyPair } from "jose";
import { describe, expect, it } from "vitest";
import { readPublicJwk } from "../../../src/keys/public-jwk.ts";
import { ALGORITHMS, type Algorithm } from "../../../src/protocol/claims.ts";
import { readWycheproof } from "../../support/vectors.ts";

const publicMembers = { kid: "k", use: "sig" };

async function goodJwk(alg: Algorithm): Promise<Record<string, unknown>> {
  const { publicKey } = await generateKeyPair(alg);
  return { ...(await exportJWK(publicKey)), ...publicMembers, alg };
}

const problem = (jwk: unknown, alg: Algorithm): string | null => {
  const read = readPublicJwk(JSON.stringify(jwk), "k", alg);
  return read.ok ? null : read.problem;
};

function rsaJwk(bits: number): Record<string, unknown> {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  return { ...publicKey.export({ format: "jwk" }), ...publicMembers, alg: "RS256" };
}

describe("public keys at load", () => {
  it.each(ALGORITHMS)("takes a sound %s key", async (alg) => {
    expect(problem(await goodJwk(alg), alg)).toBeNull();
  });

  it("AT2: refuses a key without alg, with another one, or of another kind", async () => {
    const jwk = await goodJwk("ES256");
    expect(problem({ ...jwk, alg: undefined }, "ES256")).toBe("has no alg, or another one");
    expect(problem({ ...jwk, alg: "HS256" }, "ES256")).toBe("has no alg, or another one");
    expect(problem({ ...jwk, alg: "RS256" }, "RS256")).toBe("is not an RSA key");
    expect(problem({ ...jwk, alg: "EdDSA" }, "EdDSA")).toBe("is not on the curve Ed25519");
    expect(problem({ ...jwk, crv: "P-384" }, "ES256")).toBe("is not on the curve P-256");
    expect(problem({ ...jwk, kid: "other" }, "ES256")).toBe("has another kid");
    expect(problem({ ...jwk, use: "enc" }, "ES256")).toBe("is not for signatures");
    expect(problem({ ...jwk, x: `${jwk.x}A` }, "ES256")).toBe("has a malformed point");
  });

  it("AT19: refuses weak RSA keys", () => {
    const jwk = rsaJwk(2048);
    expect(problem(jwk, "RS256")).toBeNull();
    expect(problem(rsaJwk(1024), "RS256")).toBe("has 1024 bits, not 2048 to 8192");
    for (const e of ["AQ", "Ag", "AA", "", "BA", "AQAAAAAAAQ"]) {
      expect(problem({ ...jwk, e }, "RS256"), e).toMatch(/exponent|malformed/);
    }
    expect(problem({ ...jwk, n: "_".repeat(1368) }, "RS256")).toMatch(/bits/);
    expect(problem({ ...jwk, n: `AAAA${jwk.n}` }, "RS256")).toBe("has a malformed number");
  });

  it("AT19: refuses a key with private members and shows only public ones", async () => {
    const jwk = await goodJwk("ES256");
    for (const member of ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]) {
      expect(problem({ ...jwk, [member]: "AAAA" }, "ES256"), member).toBe("has private members");
    }
    const read = readPublicJwk(JSON.stringify({ ...jwk, x5u: "https://evil.example/" }), "k", "ES256");
    expect(read.ok && Object.keys(read.jwk).toSorted()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);
  });

  it("refuses what is no JSON object", () => {
    for (const text of ["", "null", "[]", '"x"', "{"]) {
      expect(readPublicJwk(text, "k", "ES256")).toEqual({ ok: false, problem: "is not a JSON object" });
    }
  });

  it("AT19: refuses the weak RSA keys of Wycheproof, the ROCA key and e=1 that jose takes included", () => {
    const groups = readWycheproof("json_web_key_test");
    if (groups === null) return;
    const verdicts = groups.flatMap(({ tests, public: keys }) => {
      const jwk = keys?.keys?.[0];
      if (jwk?.kty !== "RSA" || jwk.use !== "sig") return [];
      return [[tests[0]?.tcId, problem({ ...jwk, kid: "k" }, "RS256")]];
    });
    expect(verdicts).toEqual([
      [5, null],
      [7, "was made by a flawed generator (ROCA)"],
      [8, "has 1024 bits, not 2048 to 8192"],
      [9, "has a weak public exponent"],
      [24, "has no alg, or another one"],
    ]);
  });
});
