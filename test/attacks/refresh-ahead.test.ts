// A failover has lost the store's last writes, so that browsers hold tokens newer than the record: the database is put back to
// how it was a few rotations ago. They must not be taken for thieves. A token far ahead was never issued by this history: it is
// refused, but ends nothing; and a session that is gone is never made again from a token.
// docs/sessions.md, rule 5; SECURITY: F07.
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { cookieOf, partsOf, told } from "./shown-token.ts";

const subject = await attackedGateway();
const { store } = subject.config;
if (store.kind !== "sqlite") throw new Error("this attack is on the embedded store");
const { file } = store;

function rollBack(sid: string, generation: number): void {
  const db = new DatabaseSync(file);
  db.prepare("UPDATE sessions SET generation = ? WHERE sid = ?").run(generation, sid);
  db.close();
}

/** A session of so many rotations, of which the store forgets all but `remembered`; every token that the browser had. */
async function rolledBack(rotations: number, remembered: number) {
  const { browser, sid } = await loggedIn(subject);
  const held = [browser.copy()];
  for (let rotation = 0; rotation < rotations; rotation++) {
    await subject.advance(subject.grace);
    await browser.refresh();
    held.push(browser.copy());
  }
  expect(partsOf(cookieOf(browser)).generation).toBe(rotations);
  rollBack(sid, remembered);
  return { browser, sid, held };
}

test("up to eight rotations ahead the session goes on from the token", async () => {
  const { browser, sid } = await rolledBack(8, 0);
  const held = cookieOf(browser);
  expect((await browser.refresh()).status).toBe(200);
  expect(cookieOf(browser)).toBe(held);
  expect(await subject.observed()).toContainEqual({ kind: "refresh", outcome: "rolled_forward" });
  await subject.advance(subject.grace);
  expect((await browser.refresh()).status).toBe(200);
  expect(partsOf(cookieOf(browser)).generation).toBe(9);
  expect(await subject.audited(sid)).toEqual(["login"]);
});

test("after it an older token is still theft", async () => {
  const { browser, held } = await rolledBack(4, 1);
  expect((await browser.refresh()).status).toBe(200);
  const thief = held[2];
  if (thief === undefined) throw new Error("there are five tokens");
  expect(told(await thief.refresh())).toEqual([401, "refresh_reused"]);
  expect(told(await browser.refresh())).toEqual([401, "session_ended"]);
});

test("nine ahead is refused and recorded, and the session goes on", async () => {
  const { browser, sid, held } = await rolledBack(9, 0);
  expect(told(await browser.refresh())).toEqual([401, "refresh_invalid"]);
  expect((await held[0]?.refresh())?.status).toBe(200);
  expect(await subject.audited(sid)).toEqual(["login", "refresh_ahead"]);
});

test("a record that is gone is not made again", async () => {
  const { browser, sid } = await loggedIn(subject);
  const db = new DatabaseSync(file);
  db.prepare("DELETE FROM sessions WHERE sid = ?").run(sid);
  db.close();
  expect(told(await browser.refresh())).toEqual([401, "session_ended"]);
  expect(await subject.store.session({ sub: subject.alice, sid })).toBeNull();
});
