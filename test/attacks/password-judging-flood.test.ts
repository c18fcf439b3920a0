// How guessable a new password is takes milliseconds of the event loop to say, more with its length, and everything else waits. An
// attacker without an account registers again and again with passwords that are refused, so that no account is ever made and no
// hash computed, and nothing but the judging is paid for. Attempts are counted before a password is judged, and only the beginning
// of a long one is.
// SECURITY: PW9 (CWE-400).
import { expect, test } from "vitest";
import { ALICE } from "../support/people.ts";
import { attackedGateway } from "./attacked-gateway.ts";
import { told } from "./shown-token.ts";

const ATTEMPTS = 3;
const WEAK = "password".repeat(4);
const STRONG = "lantern kayak meadow violin";
const subject = await attackedGateway({
  registration: true,
  login: { limits: { perAddress: { attempts: ATTEMPTS } } },
});

const register = (username: string, password: string) =>
  subject.browser().fetch("/auth/register", { json: { username, password } });

test("refused registrations count, whatever they were refused for", async () => {
  expect(told(await register("carol", WEAK))).toEqual([400, "validation"]);
  expect(told(await register("no name", STRONG))).toEqual([400, "validation"]);
  expect(told(await register(ALICE.name, STRONG))).toEqual([409, "conflict"]);
  expect(told(await register("carol", WEAK))).toEqual([429, "rate_limited"]);
  expect(told(await register("carol", STRONG))).toEqual([429, "rate_limited"]);
});

test("of a long password only the beginning is judged", async () => {
  await subject.advance(60 * 60_000);
  expect(told(await register("carol", WEAK + STRONG))).toEqual([400, "validation"]);
  expect((await register("carol", STRONG + WEAK)).status).toBe(201);
});
