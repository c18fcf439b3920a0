import { expect, test } from "vitest";
import { hashedPasswords } from "../../../src/accounts/hashed-passwords.ts";
import { argon2Cost } from "../../../src/accounts/phc.ts";
import { nodePasswords } from "../../../src/runtime/node/argon2.ts";

const options = { minLength: 15, memory: 19_456, iterations: 2, parallelism: 1, concurrency: 2, queue: 100 };
const passwords = nodePasswords(options);

test("hashes with argon2id at the configured cost and verifies", async () => {
  const hash = await passwords.hash("correct horse battery staple");
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await passwords.verify(hash, "correct horse battery staple")).toBe(true);
  expect(await passwords.verify(hash, "correct horse battery stapl")).toBe(false);
});

test("nothing is cut off: a change in the last character of a long password fails", async () => {
  const long = `${"many words and ".repeat(20)}x`;
  const hash = await passwords.hash(long);
  expect(await passwords.verify(hash, long)).toBe(true);
  expect(await passwords.verify(hash, `${long.slice(0, -1)}y`)).toBe(false);
  expect(await passwords.verify(hash, long.slice(0, 72))).toBe(false);
});

test("composed and decomposed accents verify against each other", async () => {
  const hash = await passwords.hash("un caf\u00e9 cre\u0300me s'il vous pla\u00eet");
  expect(await passwords.verify(hash, "un cafe\u0301 cr\u00e8me s'il vous plai\u0302t")).toBe(true);
});

test("a hash of another cost is due for rehashing", async () => {
  const weak = await nodePasswords({ ...options, memory: 8_192 }).hash("correct horse battery staple");
  expect(passwords.needsRehash(weak)).toBe(true);
  expect(passwords.needsRehash(await passwords.hash("correct horse battery staple"))).toBe(false);
  expect(passwords.needsRehash("$2b$10$abcdefghijklmnopqrstuv")).toBe(true);
});

test("an unknown user costs the same work: a hash of the same cost is verified and never matches", async () => {
  const verified: string[] = [];
  const recorded = hashedPasswords(
    {
      hash: () => Promise.reject(new Error("not asked")),
      verify: (hash) => {
        verified.push(hash);
        return Promise.resolve(true);
      },
    },
    options,
  );
  expect(await recorded.verify(null, "whatever it may be")).toBe(false);
  expect(await recorded.verify("$2b$10$not-argon2", "whatever it may be")).toBe(false);
  expect(verified.map(argon2Cost)).toEqual([
    { memory: 19_456, iterations: 2, parallelism: 1 },
    { memory: 19_456, iterations: 2, parallelism: 1 },
  ]);
});

test("the stand-in for an unknown user is a hash that argon2 accepts", async () => {
  expect(await passwords.verify(null, "whatever it may be")).toBe(false);
});

test("a password that is too long runs no hash", async () => {
  const none = () => Promise.reject(new Error("a hash was run"));
  const recorded = hashedPasswords({ hash: none, verify: none }, options);
  expect(await recorded.verify(null, "x".repeat(1_048_576))).toBe(false);
  await expect(recorded.hash("x".repeat(1_048_576))).rejects.toThrow(RangeError);
});
