// An attacker guesses Alice's password: one after the other, from ever new addresses, a hundred at once, and again after every
// pause. The account counts, not where a guess comes from. And the attack must not become another one, on Alice: she gets in when
// the pause is over, and from her own browser even while it lasts.
// SECURITY: PW9 (NIST SP 800-63B, OWASP, ASVS 6.1.1, 6.3.1).
import { beforeEach, expect, test } from "vitest";
import { ALICE, BOB } from "../support/people.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { countedHashing } from "./counted-hashing.ts";
import { cookieOf, REFRESH_COOKIE, told } from "./shown-token.ts";

const MINUTE = 60_000;
const hashing = countedHashing();
const subject = await attackedGateway({ trustedProxies: ["127.0.0.1/32"] }, undefined, hashing);
await subject.addUser(BOB);

let address = 0;
/** A login from an address that was never seen before. */
const guess = (password: string, name: string = ALICE.name) =>
  subject.browser({ "x-forwarded-for": `198.51.${++address >> 8}.${address & 255}` }).login(name, password);

async function guessWrong(times: number): Promise<void> {
  for (let time = 0; time < times; time++) expect((await guess(`wrong guess ${time}`)).status).toBe(401);
}

beforeEach(async () => {
  // Everything that was counted is forgotten by now.
  await subject.advance(60 * MINUTE);
  hashing.work.length = 0;
});

test("after ten failures even the right password has to wait, from a new address too", async () => {
  await guessWrong(10);
  hashing.work.length = 0;
  const refused = await guess(ALICE.password);
  expect(told(refused)).toEqual([429, "rate_limited"]);
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  expect(hashing.work).toEqual([]);
  // Others are not concerned.
  expect((await guess(BOB.password, BOB.name)).status).toBe(200);
  await subject.advance(Number(refused.headers["retry-after"]) * 1000);
  expect((await guess(ALICE.password)).status).toBe(200);
});

test("each further guess has to wait longer, up to the window and not for ever", async () => {
  await guessWrong(10);
  const waits: number[] = [];
  for (let round = 0; round < 8; round++) {
    const wait = Number((await guess("wrong")).headers["retry-after"]);
    waits.push(wait);
    await subject.advance(wait * 1000);
    expect((await guess(`wrong again ${round}`)).status).toBe(401);
  }
  const seconds = (at: number) => waits[at] ?? 0;
  for (let at = 1; at < 5; at++) expect(seconds(at)).toBeGreaterThan(seconds(at - 1) * 1.5);
  expect(Math.max(...waits)).toBeLessThanOrEqual(15 * 60);
  await subject.advance(15 * MINUTE);
  expect((await guess(ALICE.password)).status).toBe(200);
});

test("of a hundred guesses at once ten are looked at", async () => {
  const answers = await Promise.all(Array.from({ length: 100 }, (_, at) => guess(`parallel guess ${at}`)));
  const statuses = answers.map(({ status }) => status).toSorted();
  expect(statuses.filter((status) => status === 401).length).toBe(10);
  expect(statuses.filter((status) => status === 429).length).toBe(90);
  expect(hashing.work).toHaveLength(10);
  expect((await guess(ALICE.password)).status).toBe(429);
});

test("success is not counted, however often", async () => {
  for (let time = 0; time < 25; time++) expect((await guess(ALICE.password)).status).toBe(200);
  await guessWrong(10);
});

test("the owner's browser gets in while the account is under attack, with a live session and after one", async () => {
  const { browser } = await loggedIn(subject);
  const ended = browser.copy();
  await guessWrong(10);
  expect((await guess(ALICE.password)).status).toBe(429);
  expect((await browser.login(ALICE.name, ALICE.password)).status).toBe(200);
  // That session has ended by now, as another login replaced it: its token still tells the device.
  expect(cookieOf(ended)).not.toBe(cookieOf(browser));
  expect((await ended.login(ALICE.name, ALICE.password)).status).toBe(200);
  expect((await guess(ALICE.password)).status).toBe(429);
});

test("a device's own guesses are counted as well, and by themselves", async () => {
  const { browser } = await loggedIn(subject);
  for (let time = 0; time < 10; time++) {
    expect((await browser.login(ALICE.name, `stolen laptop ${time}`)).status).toBe(401);
  }
  expect((await browser.login(ALICE.name, ALICE.password)).status).toBe(429);
  expect((await guess(ALICE.password)).status).toBe(200);
});

test("the attacker's own token, and forged ones, open no bucket", async () => {
  const mallory = subject.browser();
  await mallory.login(BOB.name, BOB.password);
  const token = cookieOf(mallory);
  const { browser } = await loggedIn(subject);
  const forged = cookieOf(browser).replace(/.{10}$/, "AAAAAAAAAA");
  await guessWrong(10);
  for (const shown of [token, forged, "nonsense", ""]) {
    const attacker = subject.browser();
    attacker.cookies.set(REFRESH_COOKIE, shown);
    expect(told(await attacker.login(ALICE.name, ALICE.password))).toEqual([429, "rate_limited"]);
  }
});

test("another spelling of the name is the same account", async () => {
  const spellings = ["alice", "Alice", "ALICE", "ａｌｉｃｅ", "aLiCe"];
  for (let time = 0; time < 10; time++) {
    expect((await guess(`wrong ${time}`, spellings[time % spellings.length])).status).toBe(401);
  }
  for (const name of spellings) expect((await guess(ALICE.password, name)).status).toBe(429);
});

test("guessing by a change of the password is counted with the device", async () => {
  const { browser } = await loggedIn(subject);
  const change = (current_password: string) =>
    browser.api("/auth/password", { json: { current_password, new_password: "amber-harbour-58-whistle" } });
  for (let time = 0; time < 10; time++) expect((await change(`wrong ${time}`)).status).toBe(401);
  expect(told(await change(ALICE.password))).toEqual([429, "rate_limited"]);
});
