import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { generateKeyPair } from "jose";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { readText } from "../../../src/verifier/fetch.ts";
import { createVerifier } from "../../../src/verifier/index.ts";
import { listen } from "../../support/listen.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { type TestKey, testKey } from "../tokens/token-fixture.ts";

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

let url: string;
let keys: Record<string, TestKey>;
let now = 1_800_000_000_000;
let fetches = 0;
let round = 0;
let answer: Answer;

const jwks =
  (...kids: readonly string[]): Answer =>
  (response) =>
    void response.end(JSON.stringify({ keys: kids.map((kid) => keys[kid]?.verifyKey.jwk).map(published) }));
const published = (jwk: unknown, index: number) => ({
  ...(jwk as object),
  kid: `k${index + 1}`,
  alg: "ES256",
  use: "sig",
});
const broken: Answer = (response) => void response.writeHead(500).end();

beforeAll(async () => {
  keys = { k1: await testKey("ES256", "k1"), k2: await testKey("ES256", "k2") };
  const server = createServer((request, response) => {
    // What an earlier test has left to be fetched is not counted.
    if (request.url === `/${round}`) fetches += 1;
    answer(response, request);
  });
  url = `http://127.0.0.1:${(await listen(server)).port}`;
});
beforeEach(() => {
  fetches = 0;
  round += 1;
  answer = jwks("k1");
});

/** A verifier, and what it says to an assertion that a key signs now. */
function service(options: { readonly keysMaxStale?: number } = {}) {
  const verifier = createVerifier({
    issuer: url,
    audience: "orders",
    jwksUri: `${url}/${round}`,
    now: () => now,
    ...options,
  });
  return async (kid: "k1" | "k2" = "k1"): Promise<string> => {
    const iat = Math.floor(now / 1000);
    const claims = {
      iss: url,
      aud: "orders",
      sub: "u_1",
      exp: iat + 60,
      iat,
      jti: "j",
      client_id: "postern",
      scope: "",
    };
    const text = await keys[kid]?.sign("identity+jwt", claims);
    return verifier.verify(text).then(
      () => "accepted",
      (error: { code?: unknown }) => String(error.code),
    );
  };
}

test("the last good keys serve while no new ones can be had, for as long as was said, and no longer", async () => {
  const verdict = service({ keysMaxStale: 600_000 });
  expect(await verdict()).toBe("accepted");
  answer = broken;
  now += 599_000;
  expect(await verdict()).toBe("accepted");
  now += 2_000;
  expect(await verdict()).toBe("unavailable");
  answer = jwks("k1");
  now += 5_000;
  expect(await verdict()).toBe("accepted");
});

test("keys are fetched again beside the work: a request never waits for that, and a key that went is refused", async () => {
  const verdict = service();
  expect(await verdict()).toBe("accepted");
  let release = (): void => {};
  const asked = new Promise<void>((resolve) => {
    answer = (response) => {
      release = () => jwks("k1", "k2")(response, {} as IncomingMessage);
      resolve();
    };
  });
  now += 61_000;
  expect(await verdict()).toBe("accepted");
  await asked;
  expect(await verdict()).toBe("accepted");
  release();
  expect(await verdict("k2")).toBe("accepted");
  expect(fetches).toBe(2);

  // The key k1 has been revoked: the set now holds another one under that name.
  answer = (response) => void response.end(JSON.stringify({ keys: [published(keys.k2?.verifyKey.jwk, 0)] }));
  now += 61_000;
  await waitUntil(
    () => "the key that went is still good",
    async () => (await verdict()) === "invalid",
  );
});

test("an unknown kid has the keys fetched once a cool-down, by many requests at once too; then it does not exist", async () => {
  const verdict = service();
  expect(await verdict()).toBe("accepted");
  now += 5_000;
  answer = jwks("k1", "k2");
  expect(await Promise.all(Array.from({ length: 20 }, () => verdict("k2")))).toEqual(Array(20).fill("accepted"));
  expect(fetches).toBe(2);
  answer = jwks("k1");
  const other = service();
  expect(await other("k2")).toBe("invalid");
  expect(await other("k2")).toBe("invalid");
  expect(fetches).toBe(3);
});

test("where the fetch failed, nobody can say that a key does not exist", async () => {
  const verdict = service();
  expect(await verdict()).toBe("accepted");
  answer = broken;
  now += 5_000;
  expect(await verdict("k2")).toBe("unavailable");
  expect(await verdict("k2")).toBe("unavailable");
  expect(await verdict()).toBe("accepted");
  expect(fetches).toBe(2);
});

test("a fetch that never ends, as on Workers where its request has, holds up nobody for good", async () => {
  let given = 0;
  const verifier = createVerifier({
    ...{ issuer: url, audience: "orders", now: () => now },
    fetch: (address, init) => {
      given += 1;
      return given === 1 ? new Promise<never>(() => {}) : fetch(address, init);
    },
  });
  const text = await keys.k1?.sign("identity+jwt", {});
  const stuck = verifier.verify(text).catch(() => "over");
  await waitUntil(
    () => "nothing was fetched",
    () => given === 1,
  );
  now += 6_000;
  // Refused for what it says: the keys were to be had.
  await expect(verifier.verify(text)).rejects.toMatchObject({ code: "invalid" });
  expect(await stuck).toBe("over");
});

test("a key set that never ends is given up at its bound", async () => {
  let sent = 0;
  const ended = new Promise<void>((resolve) => {
    answer = (response) => {
      const more = (): void => {
        sent += 16_384;
        response.write(" ".repeat(16_384), () => setImmediate(more));
      };
      response.once("close", resolve);
      more();
    };
  });
  expect(await service()()).toBe("unavailable");
  await ended;
  // What had been sent before the connection was dropped stood in buffers of the kernel.
  expect(sent).toBeLessThan(64 * 1024 * 1024);
});

test("a key set that stops in the middle is given up when its time is over, and its connection too", async () => {
  const over = new AbortController();
  const closed = new Promise<void>((resolve) => {
    answer = (response) => {
      response.once("close", resolve);
      response.write('{"keys":[');
    };
  });
  // Its signal is not the fetch's: whoever sends may not heed one.
  const reading = readText(await fetch(url), 1000, over.signal);
  over.abort(new Error("the time is over"));
  await expect(reading).rejects.toThrow("the time is over");
  await closed;
});

const members = () => ({ ...(keys.k1?.verifyKey.jwk as Record<string, string>), kid: "k1", alg: "ES256", use: "sig" });
test.each<readonly [string, () => Promise<unknown> | unknown]>([
  ["null", () => null],
  ["a list", () => [members()]],
  ["no list of keys", () => ({ keys: members() })],
  ["an empty set", () => ({ keys: [] })],
  ["words for keys", () => ({ keys: ["k1", 1, null, []] })],
  ["a key without a kid", () => ({ keys: [{ ...members(), kid: undefined }] })],
  ["a key with a number for its kid", () => ({ keys: [{ ...members(), kid: 1 }] })],
  ["two keys of one name", () => ({ keys: [members(), members()] })],
  ["a key for another algorithm", () => ({ keys: [{ ...members(), alg: "HS256" }] })],
  ["a key without an algorithm", () => ({ keys: [{ ...members(), alg: undefined }] })],
  ["a symmetric key", () => ({ keys: [{ kty: "oct", k: "AAAA", kid: "k1", alg: "HS256", use: "sig" }] })],
  ["a point that is not on the curve", () => ({ keys: [{ ...members(), x: "A".repeat(43) }] })],
  ["a private member", () => ({ keys: [{ ...members(), d: "AA" }] })],
  ["a key for encryption", () => ({ keys: [{ ...members(), use: "enc" }] })],
  [
    "a small RSA key",
    async () => {
      const { publicKey } = await generateKeyPair("RS256", { modulusLength: 2048, extractable: true });
      const jwk = await crypto.subtle.exportKey("jwk", publicKey);
      return { keys: [{ ...jwk, n: jwk.n?.slice(0, 170), kid: "k1", alg: "RS256", use: "sig" }] };
    },
  ],
])("of %s nothing is taken, and the keys that are held stay", async (_, set) => {
  const verdict = service();
  expect(await verdict()).toBe("accepted");
  const body = JSON.stringify(await set());
  answer = (response) => void response.end(body);
  now += 61_000;
  expect(await verdict()).toBe("accepted");
  now += 61_000;
  expect(await verdict()).toBe("accepted");
  expect(await service()()).toBe("unavailable");
});

test("a key that is not understood does not take the others along", async () => {
  const set = { keys: [{ kty: "AKP", alg: "ML-DSA-44", kid: "new", pub: "AA" }, members()] };
  answer = (response) => void response.end(JSON.stringify(set));
  expect(await service()()).toBe("accepted");
});

test("no redirect is followed to keys that nobody has named", async () => {
  answer = (response, request) => {
    if (request.url === "/elsewhere") jwks("k1")(response, request);
    else response.writeHead(302, { Location: `${url}/elsewhere` }).end();
  };
  expect(await service()()).toBe("unavailable");
  expect(fetches).toBe(1);
});
