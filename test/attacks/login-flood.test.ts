// A flood of logins makes the gateway hash passwords, which is slow on purpose: enough of them, and nobody else's request would be
// answered. The hashes wait in a queue with an end, what finds it full is told to come back later and costs nobody an attempt,
// and everything that needs no hash goes on meanwhile.
// SECURITY: PW9, PW5; docs/security.md.
import { expect, test } from "vitest";
import { ALICE } from "../support/people.ts";
import { waitUntil } from "../support/wait-until.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { attackedProcess } from "./attacked-process.ts";
import { countedHashing } from "./counted-hashing.ts";
import { told } from "./shown-token.ts";

test("with every hash held up, the queue has an end and nothing else waits", async () => {
  const hashing = countedHashing();
  const passwords = { concurrency: 2, queue: 3 };
  const subject = await attackedGateway({ passwords, registration: true }, undefined, hashing);
  const { browser } = await loggedIn(subject);
  const refreshing = await loggedIn(subject);
  hashing.work.length = 0;
  const release = hashing.hold();
  const answers: string[] = [];
  const flood = Array.from({ length: 20 }, async (_, at) => {
    const answer = await subject.browser().login(at % 2 === 0 ? ALICE.name : `user${at}`, ALICE.password);
    answers.push(told(answer).join(" ").trim());
    if (answer.status === 503) expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
  });
  await waitUntil(
    () => `answered so far: ${answers.join(", ")}`,
    () => answers.length === 15,
  );
  expect(answers).toEqual(Array.from({ length: 15 }, () => "503 overloaded"));
  expect(hashing.work).toHaveLength(2);

  for (let time = 0; time < 10; time++) expect((await browser.api(`/api/orders/${time}`)).status).toBe(200);
  expect((await browser.api("/auth/me")).status).toBe(200);
  expect((await refreshing.browser.refresh()).status).toBe(200);
  expect((await refreshing.browser.logout()).status).toBe(204);
  const late = await browser.api("/auth/password", {
    json: { current_password: ALICE.password, new_password: "amber-harbour-58-whistle" },
  });
  expect(told(late)).toEqual([503, "overloaded"]);
  const json = { username: "dave", password: "lantern kayak meadow violin" };
  expect(told(await subject.browser().fetch("/auth/register", { json }))).toEqual([503, "overloaded"]);

  release();
  await Promise.all(flood);
  expect(answers.slice(15).toSorted()).toEqual(expect.arrayContaining(["200"]));
  expect(answers.slice(15).every((answer) => answer === "200" || answer === "401 invalid_credentials")).toBe(true);
  // The fifteen were not counted as failures.
  expect((await subject.browser().login(ALICE.name, ALICE.password)).status).toBe(200);
});

test("a real flood on a real process: 200, 401 or 503, and the protected routes answer throughout", async () => {
  const subject = await attackedProcess({ passwords: { concurrency: 1, queue: 2 } });
  const alice = await subject.loggedIn();
  let underWay = 60;
  const flood = Array.from({ length: underWay }, async (_, at) => {
    const { status } = await subject.browser().login(`user${at}`, "Summer2026!Summer");
    underWay--;
    return status;
  });
  const during: number[] = [];
  do during.push((await alice.api("/api/orders")).status);
  while (underWay > 0);
  const statuses = await Promise.all(flood);
  expect(new Set(statuses)).toEqual(new Set([401, 503]));
  expect(new Set(during)).toEqual(new Set([200]));
  expect((await subject.browser().login(ALICE.name, ALICE.password)).status).toBe(200);
});
