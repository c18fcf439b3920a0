// Attackers try what most people choose before they try anything else: the known lists, the user's own name, the site's name,
// keyboard rows, repetitions. Such passwords are refused however long they are, and whoever is refused is told why, so that the
// next choice is not the same with a 1 at its end.
// SECURITY: PW7, PW6 (ASVS 6.2.4, 6.2.11, NIST SP 800-63B-4 §3.1.1.2).
import { expect, test } from "vitest";
import { ALICE } from "../support/people.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { told } from "./shown-token.ts";

const subject = await attackedGateway({ registration: true });

const errorsOf = (text: string): { path: string; expected: string }[] => JSON.parse(text).errors;

const COMMON: readonly (readonly [string, RegExp])[] = [
  ["password12345678", /common password/],
  ["passwordpassword", /harder to guess/],
  ["P@ssw0rd12345678", /common password/],
  ["qwertyuiopasdfgh", /harder to guess/],
  ["1234567890123456", /harder to guess/],
  ["aaaaaaaaaaaaaaaaaaaa", /repeats itself|common password/],
  ["abcabcabcabcabcabc", /harder to guess/],
  ["abcdefghijklmnopq", /harder to guess/],
  ["letmeinletmeinletmein", /harder to guess/],
  ["marguerite2024!", /username or the name of this site|harder to guess/],
  ["Marguerite-Marguerite", /username or the name of this site|harder to guess/],
  ["127.0.0.1127.0.0.1", /username or the name of this site|harder to guess/],
];

test.each(COMMON)("%s is refused with the reason, at registration", async (password, reason) => {
  const json = { username: "marguerite", password };
  const answer = await subject.browser().fetch("/auth/register", { json });
  expect(told(answer)).toEqual([400, "validation"]);
  expect(errorsOf(answer.text)).toEqual([{ path: "password", expected: expect.stringMatching(reason) }]);
  expect(answer.text).not.toContain(password);
});

test("by a change and by an operator it is refused the same", async () => {
  const { browser } = await loggedIn(subject);
  const json = { current_password: ALICE.password, new_password: "password12345678" };
  const changed = await browser.api("/auth/password", { json });
  expect(told(changed)).toEqual([400, "validation"]);
  expect(errorsOf(changed.text)[0]).toMatchObject({ path: "new_password", expected: expect.stringMatching(/common/) });
  expect((await browser.login(ALICE.name, ALICE.password)).status).toBe(200);

  const made = await subject.admin("/users", { json: { username: "carol", password: "password12345678" } });
  expect(made.status).toBe(400);
  expect(await made.text()).toContain("common password");
});

test.each(["correct horse battery staple", "lantern kayak meadow violin", "vq8wkz3mx7plt4rj"])(
  "%s is not: nothing is asked for but that it be hard to guess",
  async (password) => {
    const username = `user${password.length}`;
    const answer = await subject.browser().fetch("/auth/register", { json: { username, password } });
    expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  },
);
