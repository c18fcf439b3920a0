import { createHmac, createPublicKey } from "node:crypto";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SignatureCheck } from "../../../src/keys/key-ring.ts";
import { uuidv7 } from "../../../src/lib/ids.ts";
import { nodeSignatureCheck } from "../../../src/runtime/node/signature.ts";
import type { Verified } from "../../../src/tokens/access-token.ts";
import { createAccessTokens } from "../../../src/tokens/access-tokens.ts";
import {
  clientGrant,
  ISSUER,
  NOW,
  personClaims,
  personGrant,
  SID,
  SUB,
  type TestKey,
  testKey,
} from "./token-fixture.ts";

let key: TestKey;
let checks = 0;
const counting: SignatureCheck = {
  importKey: nodeSignatureCheck.importKey,
  verify(...args) {
    checks += 1;
    return nodeSignatureCheck.verify(...args);
  },
};

beforeAll(async () => {
  key = await testKey();
});
beforeEach(() => {
  key.present = true;
  checks = 0;
});

const tokens = (change = {}) =>
  createAccessTokens({ keyRing: key, signature: counting, issuer: ISSUER, audience: ISSUER, ttl: 300_000, ...change });

const verdict = (verified: Verified | Promise<Verified>): string => {
  if (verified instanceof Promise) throw new Error("the check on Node is synchronous");
  return verified.ok ? "ok" : verified.reason;
};
/** What becomes of the good claims with a change, signed by the right key. */
const judged = async (change: object, header = {}): Promise<string> =>
  verdict(tokens().verify(await key.signRaw(JSON.stringify({ ...personClaims, ...change }), header), NOW));

describe("issuing", () => {
  it("AT8: gives the claims of RFC 9068 and our own", async () => {
    const { token, jti, expiresIn } = await tokens({ random: () => 0 }).issue(personGrant);
    expect(decodeProtectedHeader(token)).toEqual({ alg: "ES256", kid: "test-key", typ: "at+jwt" });
    const seconds = Math.floor(NOW / 1000);
    expect(decodeJwt(token)).toEqual({
      ...{ iss: ISSUER, sub: SUB, aud: ISSUER, iat: seconds, exp: seconds + 300, jti, client_id: "postern" },
      ...{ scope: "orders:read orders:write", sid: SID, preferred_username: "alice", auth_time: seconds - 60 },
      ...{ amr: ["pwd"], roles: ["user"] },
    });
    expect(expiresIn).toBe(299);
  });

  it("says nothing about a person in a client's token", async () => {
    const { token } = await tokens().issue(clientGrant);
    const claims = ["aud", "client_id", "exp", "iat", "iss", "jti", "scope", "sub"];
    expect(Object.keys(decodeJwt(token)).toSorted()).toEqual(claims);
    expect(verdict(tokens().verify(token, NOW))).toBe("ok");
  });

  it("AT17: no token lives longer than configured, and some a little shorter", async () => {
    const lives = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const { exp = 0, iat = 0 } = decodeJwt((await tokens().issue(personGrant)).token);
        return exp - iat;
      }),
    );
    expect(Math.max(...lives)).toBeLessThanOrEqual(300);
    expect(Math.min(...lives)).toBeGreaterThanOrEqual(285);
    expect(new Set(lives).size).toBeGreaterThan(5);
  });

  it("no token outlives the session", async () => {
    const { token, expiresIn } = await tokens().issue({ ...personGrant, notAfter: NOW + 10_400 });
    expect(decodeJwt(token).exp).toBe(Math.floor((NOW + 10_400) / 1000));
    expect(expiresIn).toBe(9);
    expect((await tokens().issue({ ...personGrant, notAfter: NOW - 5_000 })).expiresIn).toBe(0);
  });

  it("refuses to make a token that it would not accept", async () => {
    const scopes = Array.from({ length: 1000 }, (_, index) => `orders:${index}`);
    await expect(tokens().issue({ ...personGrant, scopes })).rejects.toThrow(RangeError);
    await expect(tokens().issue({ ...personGrant, authTime: null })).rejects.toThrow(TypeError);
  });
});

describe("verifying", () => {
  it("returns who a request acts as, frozen", async () => {
    const { token, jti } = await tokens({ random: () => 0 }).issue(personGrant);
    const verified = await tokens().verify(token, NOW);
    const exp = Math.floor(NOW / 1000) + 300;
    const { notAfter: _, authTime: __, ...rest } = personGrant;
    const authTime = Math.floor((NOW - 60_000) / 1000);
    expect(verified).toEqual({ ok: true, principal: { ...rest, jti, exp, authTime, kid: "test-key" } });
    expect(
      verified.ok && [verified.principal, verified.principal.roles, verified.principal.scopes].every(Object.isFrozen),
    );
    expect(() => Object.assign(verified.ok ? verified.principal.roles : {}, { 0: "admin" })).toThrow(TypeError);
  });

  it("AT1: the header never picks the algorithm", async () => {
    for (const alg of ["none", "None", "NONE", "nOnE", "HS256", "RS256", "EdDSA", "ES384", "es256", "ES256 "]) {
      const header = Buffer.from(JSON.stringify({ alg, kid: "test-key", typ: "at+jwt" })).toString("base64url");
      const payload = Buffer.from(JSON.stringify(personClaims)).toString("base64url");
      const input = `${header}.${payload}`;
      const publicKey = createPublicKey({ key: { ...key.verifyKey.jwk }, format: "jwk" });
      const secrets = [
        publicKey.export({ type: "spki", format: "pem" }),
        publicKey.export({ type: "spki", format: "der" }),
        JSON.stringify(key.verifyKey.jwk),
      ];
      const macs = secrets.map((secret) => createHmac("sha256", secret).update(input).digest("base64url"));
      for (const signature of [...macs, "", "AA"]) {
        expect(verdict(tokens().verify(`${input}.${signature}`, NOW)), alg).toBe("token_invalid");
      }
    }
    expect(checks).toBe(0);
  });

  it("AT3, AT4: refuses headers that bring keys or extensions, however well signed", async () => {
    for (const header of [
      { jku: "https://evil.example/" },
      { jwk: key.verifyKey.jwk },
      { x5u: "https://evil.example/" },
    ]) {
      expect(await judged({}, header)).toBe("token_invalid");
    }
    expect(await judged({}, { b64: true, crit: ["b64"] })).toBe("token_invalid");
    expect(await judged({}, { zip: "DEF" })).toBe("token_invalid");
  });

  it("AT5: the type is at+jwt and no other", async () => {
    for (const typ of ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"]) {
      expect(await judged({}, { typ }), typ).toBe("ok");
    }
    for (const typ of ["JWT", "dpop+jwt", "logout+jwt", "identity+jwt", "at jwt", "text/at+jwt", "", undefined, null]) {
      expect(await judged({}, { typ }), String(typ)).toBe("token_invalid");
    }
  });

  it("AT6: issuer and audience are exact", async () => {
    for (const iss of [`${ISSUER}/`, ISSUER.toUpperCase(), "https://evil.example", [ISSUER], null, undefined]) {
      expect(await judged({ iss })).toBe("token_invalid");
    }
    const others = [
      "",
      `${ISSUER}/`,
      ISSUER.toUpperCase(),
      "other",
      [],
      ["other"],
      [[ISSUER]],
      [ISSUER, 1],
      {},
      null,
      undefined,
    ];
    for (const aud of others) expect(await judged({ aud }), String(aud)).toBe("token_invalid");
    for (const aud of [ISSUER, [ISSUER], ["other", ISSUER]]) expect(await judged({ aud })).toBe("ok");
  });

  it("AT7: times are whole seconds in their places", async () => {
    const now = Math.floor(NOW / 1000);
    for (const exp of [undefined, null, `${now + 300}`, 1e300, -1, 0, now + 300.5, {}, true]) {
      expect(await judged({ exp }), String(exp)).toBe("token_invalid");
    }
    for (const nbf of [now + 31, null, "0", 1e300]) expect(await judged({ nbf }), String(nbf)).toBe("token_invalid");
    for (const nbf of [now - 1, now + 29]) expect(await judged({ nbf }), String(nbf)).toBe("ok");
    expect(await judged({ iat: now + 30, jti: uuidv7((now + 30) * 1000) })).toBe("ok");
    expect(await judged({ iat: now + 31, jti: uuidv7((now + 31) * 1000) })).toBe("token_invalid");
    expect(await judged({ iat: undefined })).toBe("token_invalid");
    expect(await judged({ auth_time: now + 31 })).toBe("token_invalid");
  });

  it("AT7: exp has no tolerance", async () => {
    const { token } = await tokens({ random: () => 0 }).issue(personGrant);
    const end = Math.floor(NOW / 1000 + 300) * 1000;
    const one = tokens();
    expect(verdict(one.verify(token, end - 1))).toBe("ok");
    expect(verdict(one.verify(token, end))).toBe("token_expired");
    expect(verdict(tokens().verify(token, end))).toBe("token_expired");
  });

  it("the time in jti is the time of issue", async () => {
    for (const jti of [uuidv7(NOW - 1000), uuidv7(NOW).toUpperCase(), crypto.randomUUID(), "", 1, undefined]) {
      expect(await judged({ jti }), String(jti)).toBe("token_invalid");
    }
  });

  it("refuses claims that none of ours has", async () => {
    const changes: object[] = [
      ...["c_x", "alice", "", `u_${"a".repeat(65)}`, "u_a\r\nX-Auth-Roles: admin", 1, undefined].map((sub) => ({
        sub,
      })),
      ...["", "u_x", "s_", "s_a b", 1, null].map((sid) => ({ sid })),
      ...["", "other", SUB, undefined].map((client_id) => ({ client_id })),
      ...[undefined, null, ["a"], " a", "a ", "a  b", 'a"b', "a\nb", "ä"].map((scope) => ({ scope })),
      ...["admin", [1], {}, null, undefined].flatMap((value) => [{ roles: value }, { amr: value }]),
      ...["", 1, null, undefined].map((preferred_username) => ({ preferred_username })),
      ...["1", null, undefined].map((auth_time) => ({ auth_time })),
      // A client's token with a person's claims, and a person's without a session.
      { sub: "c_reporting", client_id: "c_reporting" },
      { sid: undefined },
      { sid: undefined, sub: "c_reporting", client_id: "c_reporting" },
    ];
    for (const change of changes) expect(await judged(change), JSON.stringify(change)).toBe("token_invalid");
    expect(await judged({ scope: "", roles: [], extra: "is ignored" })).toBe("ok");
  });

  it("AT9: payloads that are no JSON object are refused, not thrown at", async () => {
    const deep = `${JSON.stringify(personClaims).slice(0, -1)},"x":${"[".repeat(1500)}${"]".repeat(1500)}}`;
    const utf8 = Buffer.from(JSON.stringify({ ...personClaims, preferred_username: "alice\xff" }), "latin1");
    for (const payload of ["null", "[]", "NaN", "{", '{"exp":NaN}', utf8]) {
      expect(verdict(tokens().verify(await key.signRaw(payload), NOW))).toBe("token_invalid");
    }
    expect(verdict(tokens().verify(await key.signRaw(deep), NOW))).toBe("ok");
  });

  it("AT10: other spellings of a good token are refused, before and after it was seen", async () => {
    const one = tokens();
    const { token } = await one.issue(personGrant);
    const [header = "", payload = "", signature = ""] = token.split(".");
    const flipped = signature.slice(0, -1) + String.fromCharCode(signature.charCodeAt(signature.length - 1) + 1);
    const variants = [`${token}=`, `${token}==`, `${token}\n`, ` ${token}`, `${header}.${payload}. ${signature}`];
    const spellings = [...variants, `${header}=.${payload}.${signature}`, `${header}.${payload}.${flipped}`];
    for (const text of spellings) expect(verdict(one.verify(text, NOW)), text).toBe("token_invalid");
    expect(verdict(one.verify(token, NOW))).toBe("ok");
    for (const text of spellings) expect(verdict(one.verify(text, NOW)), text).toBe("token_invalid");
  });

  it("AT11: a JWE and an oversized token cost no signature check", () => {
    const header = Buffer.from('{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483647}').toString("base64url");
    expect(verdict(tokens().verify(`${header}.AA.AA.AA.AA`, NOW))).toBe("token_invalid");
    expect(verdict(tokens().verify(`${"A".repeat(5000)}.${"A".repeat(5000)}.AA`, NOW))).toBe("token_invalid");
    expect(checks).toBe(0);
  });

  it("AT12, AT13: an unknown kid is named so; one that cannot be ours is plainly invalid", async () => {
    expect(await judged({}, { kid: "another" })).toBe("unknown_key");
    expect(await judged({}, { kid: "__proto__" })).toBe("unknown_key");
    for (const kid of ["../../dev/null", "' OR 1=1 --", "k".repeat(5000), "", 1, null]) {
      expect(await judged({}, { kid })).toBe("token_invalid");
    }
    expect(checks).toBe(0);
  });

  it("verifyExpired takes a token after its end, and nothing else that verify refuses", async () => {
    const one = tokens();
    const { token } = await one.issue(personGrant);
    const later = NOW + 3_600_000;
    expect(verdict(one.verify(token, later))).toBe("token_expired");
    expect(verdict(one.verifyExpired(token, later))).toBe("ok");
    expect(verdict(one.verify(token, later))).toBe("token_expired");
    expect(verdict(one.verifyExpired(`${token.slice(0, -8)}AAAAAAAA`, later))).toBe("token_invalid");
    expect(verdict(one.verifyExpired(await key.sign("identity+jwt", personClaims), later))).toBe("token_invalid");
    key.present = false;
    expect(verdict(one.verifyExpired(token, later))).toBe("unknown_key");
  });

  it("gives the same verdicts where the signature check is a promise", async () => {
    const late: SignatureCheck = {
      importKey: nodeSignatureCheck.importKey,
      verify: async (...args) => nodeSignatureCheck.verify(...args),
    };
    const one = tokens({ signature: late });
    const { token } = await one.issue(personGrant);
    const first = one.verify(token, NOW);
    expect(first).toBeInstanceOf(Promise);
    expect(await first).toMatchObject({ ok: true });
    expect(verdict(one.verify(token, NOW))).toBe("ok");
    expect(await one.verify(`${token.slice(0, -8)}AAAAAAAA`, NOW)).toEqual({ ok: false, reason: "token_invalid" });
    expect(verdict(one.verify(token, NOW + 3_600_000))).toBe("token_expired");
    expect(await tokens({ signature: late }).verifyExpired(token, NOW + 3_600_000)).toMatchObject({ ok: true });
  });
});

describe("AT21: the verified-token cache", () => {
  it("saves the check and shares the principal", async () => {
    const one = tokens();
    const { token } = await one.issue(personGrant);
    const first = await one.verify(token, NOW);
    expect(await one.verify(token, NOW)).toBe(first);
    expect(checks).toBe(1);
  });

  it("outlives neither exp nor the key, nor a key that came back as another", async () => {
    const one = tokens();
    const { token } = await one.issue(personGrant);
    expect(verdict(one.verify(token, NOW))).toBe("ok");
    expect(verdict(one.verify(token, NOW + 300_000))).toBe("token_expired");
    key.present = false;
    expect(verdict(one.verify(token, NOW))).toBe("unknown_key");
    key.present = true;
    expect(verdict(one.verify(token, NOW))).toBe("ok");

    const other = await testKey("ES256", "test-key");
    let current = key;
    const swapped = tokens({ keyRing: { find: (kid: string) => current.find(kid), sign: key.sign } });
    expect(verdict(swapped.verify(token, NOW))).toBe("ok");
    current = other;
    expect(verdict(swapped.verify(token, NOW))).toBe("token_invalid");
  });

  it("does not take a forged signature for a token that it knows", async () => {
    const one = tokens();
    const { token } = await one.issue(personGrant);
    const stranger = await testKey();
    expect(verdict(one.verify(token, NOW))).toBe("ok");
    const payload = Buffer.from(token.split(".")[1] ?? "", "base64url");
    expect(verdict(one.verify(await stranger.signRaw(payload), NOW))).toBe("token_invalid");
  });

  it("takes no token for one whose end it shares, however little differs", async () => {
    const one = tokens();
    const { token } = await one.issue(personGrant);
    expect(verdict(one.verify(token, NOW))).toBe("ok");
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === "A" ? "B" : "A";
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      expect(verdict(one.verify(changed, NOW)), `at ${at}`).not.toBe("ok");
    }
    expect(verdict(one.verify(`x${token}`, NOW))).toBe("token_invalid");
    expect(verdict(one.verify(token, NOW))).toBe("ok");
  });

  it("never mixes users, also when it is too small for them", async () => {
    const one = tokens({ cache: { maxEntries: 8, maxBytes: 1e6 } });
    const held = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const sub = `u_${String(index).padStart(22, "0")}`;
        return { sub, token: (await one.issue({ ...personGrant, sub })).token };
      }),
    );
    for (let round = 0; round < 10_000; round += 1) {
      const { sub, token } = held[(round * 7 + (round >> 3)) % held.length] ?? { sub: "", token: "" };
      const verified = await one.verify(token, NOW);
      expect(verified.ok && verified.principal.sub).toBe(sub);
    }
    expect(checks).toBeGreaterThan(12);
    expect(checks).toBeLessThan(10_000);
  });
});
