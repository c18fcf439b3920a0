// The attacker sends tokens under a thousand key names that nobody has. A gateway that looks each of them up makes its store, or
// the issuer's server, carry the flood. It may look once in a while, because the key may be a new one, and no more.
// SECURITY: AT12 (RFC 8725, the class of CVE-2025-64527).
import { randomBytes } from "node:crypto";
import { Pool } from "undici";
import { afterAll, expect, test } from "vitest";
import { randomId } from "../../src/lib/ids.ts";
import { attackedGateway } from "./attacked-gateway.ts";
import { compact, readToken } from "./forge.ts";
import { expectAccepted, expectRefused, freshToken } from "./shown-access-token.ts";

let reads = 0;
/** Everything that the store is asked. */
const calls = new Set<string | symbol>();
const subject = await attackedGateway({}, undefined, {
  store: (store) =>
    new Proxy(store, {
      get(target, name, receiver) {
        calls.add(name);
        if (name === "keys") reads++;
        return Reflect.get(target, name, receiver);
      },
    }),
});
const token = await freshToken(subject);
const { header, claims } = readToken(token);
const pool = new Pool(subject.url, { connections: 8 });
afterAll(() => pool.close());

const withUnknownKey = (): string => compact({ ...header, kid: randomId() }, claims, () => new Uint8Array(64));

async function flood(count: number, forged = withUnknownKey): Promise<readonly number[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const headers = { authorization: `Bearer ${forged()}` };
      const { statusCode, body } = await pool.request({ path: "/api/orders", method: "GET", headers });
      await body.dump();
      return statusCode;
    }),
  );
}

test("a key that is not known is looked for once, and not again for a while", async () => {
  await subject.advance(5000);
  const before = reads;
  await expectRefused(subject, withUnknownKey());
  expect(reads).toBe(before + 1);
});

test("a thousand unknown keys: all refused, and no more than one look a second", async () => {
  await subject.advance(5000);
  const before = { reads, now: subject.now() };
  expect(new Set(await flood(1000))).toEqual(new Set([401]));
  const seconds = (subject.now() - before.now) / 1000;
  // One more for what the gateway does by itself once a minute.
  expect(reads - before.reads).toBeLessThanOrEqual(Math.floor(seconds) + 2);
  expect(reads).toBeGreaterThan(before.reads);
});

test("meanwhile everybody else is served", async () => {
  const attack = flood(200);
  for (let time = 0; time < 10; time++) await expectAccepted(subject, token);
  expect(new Set(await attack)).toEqual(new Set([401]));
});

/** What the gateway asks by itself: it follows the revocations, and looks after its keys. */
const OF_ITS_OWN = new Set<string | symbol>(["readFeed", "awaitFeed", "keys", "announce", "sweep"]);

test.each<[string, () => string]>([
  ["of 8 kB of anything", () => randomBytes(6000).toString("base64url")],
  ["of 8 kB in three parts", () => [2600, 2600, 64].map((size) => randomBytes(size).toString("base64url")).join(".")],
  ["under a good key, with a signature that is none", () => compact(header, claims, () => randomBytes(64))],
])("tokens %s: nothing is asked of the store for them", async (_, forged) => {
  calls.clear();
  const before = reads;
  expect(new Set(await flood(200, forged))).toEqual(new Set([401]));
  expect([...calls].filter((name) => !OF_ITS_OWN.has(name))).toEqual([]);
  expect(reads - before).toBeLessThanOrEqual(1);
  await expectAccepted(subject, token);
});
