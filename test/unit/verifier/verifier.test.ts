import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSecretRing } from "../../../src/keys/secrets.ts";
import { createKeyRing, type StoredKeyRing } from "../../../src/keys/stored-key-ring.ts";
import { nodeSignatureCheck } from "../../../src/runtime/node/signature.ts";
import { createIdentityAssertions } from "../../../src/tokens/identity.ts";
import type { Principal } from "../../../src/tokens/principal.ts";
import { createVerifier, type VerifierOptions } from "../../../src/verifier/index.ts";
import { type MemoryKeyStore, memoryKeyStore } from "../keys/memory-key-store.ts";

const alice: Principal = {
  ...{ sub: "u_alice", name: "alice", sid: "s_1", clientId: "postern", jti: "j", kid: "k", issuedAt: 1, exp: 2 },
  ...{ authTime: 1, amr: ["pwd"], roles: ["user"], scopes: ["orders:read", "orders:write"] },
};

let server: Server;
let issuer: string;
let store: MemoryKeyStore;
let ring: StoredKeyRing;
let fetches = 0;
let status = 200;
let now = Date.now();

beforeEach(async () => {
  now = Date.now();
  fetches = 0;
  status = 200;
  store = memoryKeyStore(() => now);
  ring = createKeyRing({
    ...{ store, signature: nodeSignatureCheck, alg: "ES256", rotateEvery: 1e9, publishAhead: 1e6, accessTtl: 300_000 },
    secrets: await createSecretRing({ secret: "a secret of more than thirty-two bytes in length", previous: null }),
    now: () => now,
    report: (_, problem) => {
      throw new Error(problem);
    },
  });
  await ring.refresh();
  server = createServer((request, response) => {
    fetches += 1;
    response.statusCode = request.url === "/.well-known/jwks.json" ? status : 404;
    response.end(JSON.stringify(ring.jwks()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const verifier = (change: Partial<VerifierOptions> = {}) =>
  createVerifier({ issuer, audience: "orders", now: () => now, ...change });
const assertion = async (upstream = "orders"): Promise<string> =>
  createIdentityAssertions({ keyRing: ring, issuer }).assertion(alice, upstream, now);
const claimsNow = () => {
  const iat = Math.floor(now / 1000);
  return { iss: issuer, aud: "orders", sub: "u_alice", exp: iat + 60, iat, jti: "j", client_id: "postern", scope: "" };
};
const refusal = (text: string, options: Partial<VerifierOptions> = {}): Promise<unknown> =>
  verifier(options)
    .verify(text)
    .then(
      () => "accepted",
      (error: { name?: unknown; code?: unknown }) => (error.name === "IdentityRefused" ? error.code : error),
    );

describe("verifier", () => {
  it("gives the claims of an assertion, by the gateway's key set", async () => {
    const { iat, exp, jti, ...claims } = await verifier().verify(await assertion());
    expect(claims).toEqual({
      ...{ iss: issuer, aud: "orders", sub: "u_alice", client_id: "postern", scope: "orders:read orders:write" },
      ...{ sid: "s_1", preferred_username: "alice", roles: ["user"] },
    });
    expect(exp - iat).toBe(60);
    expect(jti).not.toBe("");
  });

  it("gives a client's claims without a person's", async () => {
    expect(await verifier().verify(await ring.sign("identity+jwt", claimsNow()))).toEqual(claimsNow());
  });

  it("refuses access tokens, other services' assertions and other issuers'", async () => {
    expect(await refusal(await ring.sign("at+jwt", claimsNow()))).toBe("invalid");
    expect(await refusal(await ring.sign("JWT", claimsNow()))).toBe("invalid");
    expect(await refusal(await assertion("billing"))).toBe("invalid");
    expect(await refusal(await ring.sign("identity+jwt", { ...claimsNow(), iss: "https://evil.example" }))).toBe(
      "invalid",
    );
    expect(await refusal(await assertion(), { audience: "billing" })).toBe("invalid");
  });

  it("is not made without an audience, as plain JavaScript and a missing setting would", () => {
    expect(() => verifier({ audience: "" })).toThrow(TypeError);
    expect(() => Reflect.apply(createVerifier, undefined, [{ issuer }])).toThrow(TypeError);
  });

  it("refuses an assertion after its minute, or from far in the future", async () => {
    const text = await assertion();
    now += 64_000;
    expect(await refusal(text)).toBe("accepted");
    now += 2_000;
    expect(await refusal(text)).toBe("expired");
    now -= 66_000 + 7_000;
    expect(await refusal(text)).toBe("invalid");
    expect(await refusal(await ring.sign("identity+jwt", { ...claimsNow(), iat: 1, exp: 9e9 }))).toBe("expired");
  });

  it("refuses what is misshapen, forged, or signed with an algorithm of its own choice", async () => {
    const text = await assertion();
    for (const bad of ["", "a", "a.b.c", `${text}=`, `${text}\n`, `${text}.`, "A".repeat(9000)]) {
      expect(await refusal(bad), bad).toBe("invalid");
    }
    expect(await refusal(`${text.slice(0, -8)}AAAAAAAA`)).toBe("invalid");
    const kid = String(ring.jwks().keys[0]?.kid);
    const hmac = await new SignJWT(claimsNow())
      .setProtectedHeader({ alg: "HS256", kid, typ: "identity+jwt" })
      .sign(new TextEncoder().encode(JSON.stringify(ring.jwks().keys[0])));
    expect(await refusal(hmac)).toBe("invalid");
    for (const change of [
      { jti: 1 },
      { roles: "admin" },
      { sid: 1 },
      { scope: undefined },
      { sub: null },
      { exp: undefined },
    ]) {
      expect(
        await refusal(await ring.sign("identity+jwt", { ...claimsNow(), ...change })),
        JSON.stringify(change),
      ).toBe("invalid");
    }
  });

  it("AT12: fetches the key set once for many requests, and once a cool-down for unknown kids", async () => {
    const one = verifier();
    const text = await assertion();
    await Promise.all(Array.from({ length: 50 }, () => one.verify(text)));
    expect(fetches).toBe(1);
    const strangers = memoryKeyStore(() => now);
    const strange = createKeyRing({
      ...{
        store: strangers,
        signature: nodeSignatureCheck,
        alg: "ES256",
        rotateEvery: 1e9,
        publishAhead: 1,
        accessTtl: 1,
      },
      secrets: await createSecretRing({ secret: "b secret of more than thirty-two bytes in length", previous: null }),
      now: () => now,
      report: () => undefined,
    });
    const foreign = await strange.sign("identity+jwt", claimsNow());
    for (let index = 0; index < 200; index += 1) {
      await expect(one.verify(foreign)).rejects.toMatchObject({ code: "invalid" });
    }
    expect(fetches).toBe(1);
    await one.verify(text);
  });

  it("refuses a request without the header, or with two, as Node gives it", async () => {
    const text = await assertion();
    for (const header of [undefined, "", [text], [text, text]]) {
      await expect(verifier().verify(header)).rejects.toMatchObject({ name: "IdentityRefused", code: "invalid" });
    }
    expect(fetches).toBe(0);
  });

  it("says that the keys are unavailable, and does not ask with every request meanwhile", async () => {
    status = 500;
    const one = verifier();
    const text = await assertion();
    for (let index = 0; index < 50; index += 1) {
      await expect(one.verify(text)).rejects.toMatchObject({ name: "IdentityRefused", code: "unavailable" });
    }
    expect(fetches).toBe(1);
    status = 200;
    now += 5_000;
    expect((await one.verify(text)).sub).toBe("u_alice");
    expect(await refusal(text, { jwksUri: `${issuer}/elsewhere` })).toBe("unavailable");
  });

  it("takes another address and another fetch for the key set", async () => {
    const asked: string[] = [];
    const fetched = verifier({
      jwksUri: "https://keys.example/set",
      fetch: async (url) => {
        asked.push(url);
        return Response.json(ring.jwks());
      },
    });
    expect((await fetched.verify(await assertion())).sub).toBe("u_alice");
    expect(asked).toEqual(["https://keys.example/set"]);
  });

  it("keeps no word of the assertion in what it throws", async () => {
    const text = await assertion("billing");
    const error: unknown = await verifier()
      .verify(text)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(`${error instanceof Error ? `${error.message} ${error.stack} ${String(error.cause)}` : ""}`).not.toContain(
      text.slice(0, 40),
    );
  });
});
