// The database is stolen. What it holds of passwords must cost the thief as much as a hash can: argon2id at the strength that is
// recommended now, with a salt for each; and hashes from weaker days must not stay behind for good.
// SECURITY: PW1, PW2 (OWASP password storage, ASVS 11.4.2).
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { hash } from "@node-rs/argon2";
import { expect, test } from "vitest";
import { startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE, BOB } from "../support/people.ts";
import { addUser, attackedNodeProcess } from "./attacked-process.ts";

const subject = await attackedNodeProcess();
const file = join(subject.gateway.dir, "postern.db");

function inDatabase<T>(work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(file, { timeout: 5000 });
  try {
    return work(db);
  } finally {
    db.close();
  }
}
const storedHash = (name: string): string =>
  inDatabase((db) => String(db.prepare("SELECT password_hash FROM users WHERE username = ?").get(name)?.password_hash));
const storeHash = (name: string, text: string): void =>
  inDatabase((db) => void db.prepare("UPDATE users SET password_hash = ? WHERE username = ?").run(text, name));

/** The alternatives that OWASP calls equal: KiB and passes, one lane. */
const ENOUGH: readonly (readonly [number, number])[] = [
  [47_104, 1],
  [19_456, 2],
  [12_288, 3],
  [9216, 4],
  [7168, 5],
];

function costOf(text: string) {
  const [, memory, passes, lanes, salt, output] =
    /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(text) ?? [];
  return {
    memory: Number(memory),
    passes: Number(passes),
    lanes: Number(lanes),
    salt: salt ?? "",
    output: output ?? "",
  };
}

test("what is stored is argon2id, strong enough, with a salt of its own", async () => {
  await addUser(subject.gateway, { ...BOB, password: ALICE.password });
  const [alice, bob] = [costOf(storedHash(ALICE.name)), costOf(storedHash(BOB.name))];
  for (const { memory, passes, lanes, salt, output } of [alice, bob]) {
    expect(ENOUGH.some(([m, t]) => memory >= m && passes >= t)).toBe(true);
    expect(lanes).toBeGreaterThanOrEqual(1);
    expect(Buffer.from(salt, "base64").length).toBeGreaterThanOrEqual(16);
    expect(Buffer.from(output, "base64").length).toBeGreaterThanOrEqual(32);
  }
  expect(alice.salt).not.toBe(bob.salt);
  expect(alice.output).not.toBe(bob.output);
});

test("a weak hash is made anew at the next login with the right password, and only then", async () => {
  const weak = await hash(ALICE.password, { memoryCost: 64, timeCost: 1, parallelism: 1 });
  storeHash(ALICE.name, weak);
  expect((await subject.browser().login(ALICE.name, "not the password")).status).toBe(401);
  expect(storedHash(ALICE.name)).toBe(weak);
  const before = await subject.loggedIn();
  expect(costOf(storedHash(ALICE.name))).toMatchObject({ memory: 19_456, passes: 2, lanes: 1 });
  const kept = storedHash(ALICE.name);
  await subject.loggedIn();
  expect(storedHash(ALICE.name)).toBe(kept);
  // The same password in another hash ends no session.
  expect((await before.refresh()).status).toBe(200);
});

test("parameters that rose in the configuration do the same", async () => {
  const { gateway } = subject;
  const passwords = { iterations: 3 };
  const stronger = await startGateway({ issuer: gateway.issuer, passwords }, { like: gateway });
  const browser = new Browser(stronger.url);
  expect((await browser.login(ALICE.name, ALICE.password)).status).toBe(200);
  expect(costOf(storedHash(ALICE.name))).toMatchObject({ memory: 19_456, passes: 3 });
  await stronger.stop();
});

test.each([{ memory: "8MiB" }, { iterations: 1 }, { parallelism: 0 }])(
  "less (%j) is refused at the start",
  async (passwords) => {
    await expect(startGateway({ passwords })).rejects.toThrow(/passwords\./);
  },
);
