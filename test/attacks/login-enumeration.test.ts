// An attacker wants to know who has an account here. A login says the same, to the byte, for a name that is unknown, a wrong
// password, an account that is disabled and one that has no password; it does the same work for each, so that the clock does not
// say it either; and it refuses guesses on unknown names as it does on known ones.
// SECURITY: PW11 (ASVS 6.3.8, OWASP authentication).
import { expect, test } from "vitest";
import type { Answer } from "../support/http-client.ts";
import { ALICE, BOB } from "../support/people.ts";
import { attackedGateway } from "./attacked-gateway.ts";
import { countedHashing } from "./counted-hashing.ts";

const hashing = countedHashing();
const subject = await attackedGateway({ login: { page: "/login" } }, undefined, hashing);
await subject.addUser(BOB);
const origin = { actor: "test", address: null };
const sub = (await subject.store.userByName({ usernameKey: "bob" }))?.id ?? "";
await subject.store.setDisabled({ sub, disabled: true, origin });
const nobody = {
  id: "u_AAAAAAAAAAAAAAAAAAAAAA",
  username: "carol",
  usernameKey: "carol",
  passwordHash: null,
  roles: [],
};
await subject.store.createUser({ user: nobody, origin });

/** Everything of an answer that depends on the account; the date does not. */
function seen({ status, headers, setCookies, text }: Answer) {
  const { date: _, ...rest } = headers;
  return { status, headers: rest, setCookies, text };
}

const ACCOUNTS = [
  ["a wrong password", ALICE.name, "not her password at all"],
  ["an unknown name", "nobody", "not her password at all"],
  ["a disabled account and its right password", BOB.name, BOB.password],
  ["an account without a password", "carol", "not her password at all"],
  ["a name that nobody can have", "no such\u202ename", "not her password at all"],
] as const;

test("every failure looks the same and costs the same work", async () => {
  const answers: unknown[] = [];
  for (const [what, username, password] of ACCOUNTS) {
    hashing.work.length = 0;
    answers.push(seen(await subject.browser().login(username, password)));
    expect(hashing.work, what).toEqual(["8,1,1"]);
    const form = await subject.browser().fetch("/auth/login", { form: { username, password, return_to: "/a" } });
    expect(form.headers.location).toBe("/login?error=invalid_credentials&return_to=%2Fa");
  }
  const [first] = answers;
  expect(first).toMatchObject({ status: 401, setCookies: [] });
  for (const answer of answers) expect(answer).toEqual(first);
});

test("guesses on an unknown name end as those on a known one do", async () => {
  await subject.advance(60 * 60_000);
  const refused = async (username: string) => {
    for (let time = 0; time < 10; time++) await subject.browser().login(username, "wrong");
    return seen(await subject.browser().login(username, "wrong"));
  };
  const [known, unknown] = [await refused(ALICE.name), await refused("somebody else")];
  expect(known).toMatchObject({ status: 429 });
  expect(unknown).toEqual(known);
});
