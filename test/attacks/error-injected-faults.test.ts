// The attacker waits for a fault, or makes one, and hopes that whoever catches the error goes on as if nothing had been asked:
// a store that answers nothing, then nonsense; an upstream that dies in the middle; a view of revocations that gets old.
// SECURITY: ER5 (ASVS 16.5.3).
import { expect, test } from "vitest";
import { type Store, StoreOutcomeUnknown, StoreUnavailable } from "../../src/stores/store.ts";
import { ALICE } from "../support/people.ts";
import { waitUntil } from "../support/wait-until.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { compact, readToken } from "./forge.ts";
import { revoke } from "./oauth-calls.ts";
import { expectProblem } from "./problem-document.ts";
import { cookieOf } from "./shown-token.ts";

let fault: (() => unknown) | null = null;

/** Every operation of the store, reading the feed included, throws or gives what `fault` does. */
function faulty(store: Store): Store {
  const wrapped = Object.entries(store).map(([name, operation]) => [
    name,
    name === "close"
      ? operation
      : async (input: unknown) => (fault === null ? (operation as (given: unknown) => unknown)(input) : fault()),
  ]);
  return Object.fromEntries(wrapped);
}
const subject = await attackedGateway(
  {
    revocation: { maxStaleness: "1s" },
    routes: [
      ...["required", "optional", "public"].map((access) => ({ path: `/${access}/*`, upstream: "orders", access })),
      { path: "/serves/*", upstream: "orders", access: "required", onStale: "serve" },
      { path: "/pages/*", upstream: "orders", access: "required", credentials: "session" },
    ],
  },
  undefined,
  { store: faulty },
);

async function whileFaulty(kind: () => unknown, work: () => Promise<void>): Promise<void> {
  fault = kind;
  try {
    await work();
  } finally {
    fault = null;
  }
  await waitUntil(() => "the gateway is not ready again", subject.ready);
}

const throwing = (make: () => unknown) => (): never => {
  throw make();
};

test.each<[string, () => unknown]>([
  ["cannot be reached", throwing(() => new StoreUnavailable("gone"))],
  ["does not confirm", throwing(() => new StoreOutcomeUnknown("gone"))],
  ["has a defect", throwing(() => new TypeError("a defect"))],
  ["throws what is no error", throwing(() => "a text")],
  ["answers nothing", () => undefined],
  ["answers null", () => null],
  ["answers an empty object", () => ({})],
  ["answers a list", () => []],
  ["answers yes", () => true],
])("a store that %s lets nobody in and nobody out", async (_, kind) => {
  const { browser } = await loggedIn(subject);
  const unknown = compact({ ...readToken(browser.accessToken ?? "").header, kid: "k" }, {}, () => new Uint8Array(64));
  const cookie = cookieOf(browser);
  const before = subject.upstream.requests.length;
  await whileFaulty(kind, async () => {
    const stranger = subject.browser();
    const shown = { authorization: `Bearer ${unknown}` };
    const answers = [
      await stranger.login(ALICE.name, ALICE.password),
      await stranger.login("nobody", "x"),
      await browser.refresh(),
      await stranger.fetch("/required/x"),
      await stranger.fetch("/required/x", { headers: shown }),
      await stranger.fetch("/optional/x", { headers: shown }),
      await stranger.fetch("/auth/me", { headers: shown }),
      await browser.fetch("/pages/x", { headers: { cookie: `__Host-Http-postern=${cookie}` } }),
    ];
    for (const answer of answers) {
      expect(answer.status, answer.text).toBeGreaterThanOrEqual(400);
      expectProblem(answer);
      // Nobody is logged out by a fault.
      expect(answer.setCookies).toEqual([]);
      expect(answer.text).not.toContain("access_token");
    }
    // Whose token it is cannot be known now: never "revoked" (RFC 7009 §2.2.1).
    await subject.advance(1001);
    expect((await revoke(stranger, unknown)).status).toBe(503);
    // Nor told that the password or the refresh token is wrong: neither was looked at.
    expect(answers[0]?.status).not.toBe(401);
    expect(answers[2]?.status).toBeGreaterThanOrEqual(500);
  });
  expect(subject.upstream.requests.length).toBe(before);
  expect((await browser.refresh()).status).toBe(200);
  expect((await browser.api("/required/x")).status).toBe(200);
});

test("a view that gets old refuses, with 503, what it can no longer judge", async () => {
  const { browser } = await loggedIn(subject);
  await whileFaulty(
    throwing(() => new StoreUnavailable("gone")),
    async () => {
      await waitUntil(
        () => "the view does not get stale",
        async () => (await browser.api("/required/x")).status === 503,
      );
      const before = subject.upstream.requests.length;
      for (const path of ["/required/x", "/optional/x", "/pages/x", "/auth/me"]) {
        const answer = await browser.api(path);
        expect([answer.status, expectProblem(answer, path)], path).toEqual([503, "stale_view"]);
      }
      // Without a token, too: whether one is needed is not the question.
      expect(expectProblem(await subject.browser().fetch("/required/x"))).toBe("stale_view");
      expect(subject.upstream.requests.length).toBe(before);
      expect((await browser.api("/serves/x")).status).toBe(200);
      expect((await subject.browser().fetch("/public/x")).status).toBe(200);
    },
  );
  expect((await browser.api("/required/x")).status).toBe(200);
});
