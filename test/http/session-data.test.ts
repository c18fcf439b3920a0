import { beforeAll, beforeEach, expect, test } from "vitest";
import { type AttackedProcess, attackedProcess } from "../attacks/attacked-process.ts";
import { told } from "../attacks/shown-token.ts";
import type { Browser } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";

const PATH = "/auth/session/data";
const MERGE = "application/merge-patch+json";

let subject: AttackedProcess;
let alice: Browser;

beforeAll(async () => {
  subject = await attackedProcess({ sessions: { dataMax: "1KiB" } });
});

beforeEach(async () => {
  alice = await subject.loggedIn();
});

const read = (browser: Browser = alice) => browser.api(PATH);
const patch = (changes: unknown, headers: Readonly<Record<string, string>> = {}, browser: Browser = alice) =>
  browser.api(PATH, { method: "PATCH", body: JSON.stringify(changes), headers: { "content-type": MERGE, ...headers } });

test("begins empty and is changed by merge patches (RFC 7396)", async () => {
  expect((await read()).json()).toEqual({});
  const steps: readonly (readonly [unknown, unknown])[] = [
    [
      { theme: "dark", cart: { apples: 1, pears: 2 } },
      { theme: "dark", cart: { apples: 1, pears: 2 } },
    ],
    [{ cart: { pears: null, plums: 3 } }, { theme: "dark", cart: { apples: 1, plums: 3 } }],
    [{ cart: [1, 2], theme: null }, { cart: [1, 2] }],
    [{ cart: { apples: 5 } }, { cart: { apples: 5 } }],
    [{}, { cart: { apples: 5 } }],
    [{ absent: null, cart: null }, {}],
    [{ a: { b: null, c: { d: null } } }, { a: { c: {} } }],
  ];
  for (const [changes, expected] of steps) {
    const answer = await patch(changes);
    expect([answer.status, answer.json()]).toEqual([200, expected]);
    expect((await read()).json()).toEqual(expected);
  }
});

test("application/json is taken too, and names of JavaScript's own are names like any other", async () => {
  const body = '{"__proto__":{"admin":true},"constructor":{"prototype":{"x":1}},"é":"ü"}';
  const answer = await alice.api(PATH, { method: "PATCH", body, headers: { "content-type": "application/json" } });
  expect([answer.status, answer.text]).toEqual([200, body]);
  expect((await read()).text).toBe(body);
});

test.each([
  ["no object", "[]"],
  ["null", "null"],
  ["a number", "7"],
  ["no JSON", "{"],
  ["nothing", ""],
])("%s is refused", async (_, body) => {
  const answer = await alice.api(PATH, { method: "PATCH", body, headers: { "content-type": MERGE } });
  expect(told(answer)).toEqual([400, "validation"]);
});

test("a form and text are refused", async () => {
  for (const type of ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"]) {
    expect(told(await patch({ a: 1 }, { "content-type": type }))).toEqual([400, "validation"]);
  }
});

test("each change has an entity tag of its own; a condition on an old one is 412 and changes nothing", async () => {
  const before = (await read()).headers.etag ?? "";
  expect(before).toMatch(/^"[^"]+"$/);
  const first = await patch({ a: 1 }, { "if-match": before });
  expect(first.status).toBe(200);
  const after = first.headers.etag ?? "";
  expect(after).not.toBe(before);
  expect((await read()).headers.etag).toBe(after);
  for (const stale of [before, '"nonsense"', `W/${after}`, "nonsense"]) {
    expect(told(await patch({ a: 2 }, { "if-match": stale }))).toEqual([412, "precondition_failed"]);
  }
  expect((await read()).json()).toEqual({ a: 1 });
  expect((await patch({ a: 3 }, { "if-match": `${before}, ${after}` })).status).toBe(200);
  expect((await patch({ a: 4 }, { "if-match": "*" })).status).toBe(200);
});

test("what the client has already is 304 without a body", async () => {
  await patch({ a: 1 });
  const { etag = "" } = (await read()).headers;
  for (const tags of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
    const answer = await alice.api(PATH, { headers: { "if-none-match": tags } });
    expect([answer.status, answer.text, answer.headers.etag]).toEqual([304, "", etag]);
  }
  expect((await alice.api(PATH, { headers: { "if-none-match": '"x"' } })).status).toBe(200);
});

test("the size is bounded, of a patch and of what it makes, in bytes", async () => {
  expect((await patch({ a: "x".repeat(1000) })).status).toBe(200);
  expect(told(await patch({ b: "x".repeat(100) }))).toEqual([413, "too_large"]);
  expect(told(await patch({ a: "x".repeat(2000) }))).toEqual([413, "too_large"]);
  expect(told(await patch({ a: "é".repeat(600) }))).toEqual([413, "too_large"]);
  expect((await read()).json()).toEqual({ a: "x".repeat(1000) });
  expect((await patch({ a: null, b: "x".repeat(100) })).status).toBe(200);
});

test("changes at the same time are all kept", async () => {
  const changes = Array.from({ length: 12 }, (_, at) => ({ [`k${at}`]: at }));
  const first = await Promise.all(changes.map(async (change) => ({ change, status: (await patch(change)).status })));
  // One that came last eight times over is told so, and asks again.
  for (const { change, status } of first) {
    expect([200, 409]).toContain(status);
    if (status === 409) expect((await patch(change)).status).toBe(200);
  }
  expect((await read()).json()).toEqual(Object.assign({}, ...changes));
});

test("of changes on one condition at the same time one is taken", async () => {
  const { etag = "" } = (await read()).headers;
  const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => patch({ winner: n }, { "if-match": etag })));
  const statuses = answers.map(({ status }) => status).toSorted();
  expect(statuses).toEqual([200, 412, 412, 412, 412]);
  const taken = answers.find(({ status }) => status === 200)?.json();
  expect((await read()).json()).toEqual(taken);
});

test("what is known of one session's data says nothing about another's", async () => {
  const other = await subject.loggedIn();
  const { etag = "" } = (await patch({ theme: "dark" })).headers;
  const theirs = (await patch({ theme: "light" }, {}, other)).headers.etag ?? "";
  expect(theirs).not.toBe(etag);
  const answer = await other.api(PATH, { headers: { "if-none-match": etag } });
  expect([answer.status, answer.json()]).toEqual([200, { theme: "light" }]);
  expect(told(await patch({ theme: null }, { "if-match": etag }, other))).toEqual([412, "precondition_failed"]);
  expect((await patch({ theme: null }, { "if-match": theirs }, other)).status).toBe(200);
});

test("takes a hundred levels of nesting and no more", async () => {
  const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
  expect((await patch(nested(100))).status).toBe(200);
  expect((await read()).json()).toEqual(nested(100));
  for (const levels of [101, 120]) expect(told(await patch(nested(levels)))).toEqual([400, "validation"]);
  expect((await patch([])).json()).toMatchObject({ errors: [{ path: "body", expected: "a JSON object" }] });
});

test("each session has its own, of one user too; it goes through refreshes and ends with the session", async () => {
  const other = await subject.loggedIn();
  await patch({ theme: "dark" });
  expect((await read(other)).json()).toEqual({});
  await alice.refresh();
  expect((await read()).json()).toEqual({ theme: "dark" });
  const { accessToken } = alice;
  await alice.login(ALICE.name, ALICE.password);
  expect((await read()).json()).toEqual({});
  alice.accessToken = accessToken;
  expect((await read()).status).toBe(401);
});

test("without a token nobody reads or writes, and other methods are none", async () => {
  const nobody = subject.browser();
  expect(told(await nobody.fetch(PATH))).toEqual([401, "unauthenticated"]);
  expect(told(await nobody.fetch(PATH, { method: "PATCH", json: { a: 1 } }))).toEqual([401, "unauthenticated"]);
  const answer = await alice.api(PATH, { method: "PUT", json: {} });
  expect([answer.status, answer.headers.allow]).toEqual([405, "GET, PATCH"]);
});
