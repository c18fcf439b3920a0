import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { REFRESH_OUTCOMES } from "../../src/sessions/refresh-outcome.ts";
import { type AttackedProcess, attackedProcess, ROUTES } from "../attacks/attacked-process.ts";
import { Browser, type LoginAnswer } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { readPrometheusText, type Scrape } from "../support/prometheus-text.ts";

const LIMITS = { perAccount: { attempts: 1000 }, perAddress: { attempts: 1000 } };
let subject: AttackedProcess;

beforeAll(async () => {
  subject = await attackedProcess({
    routes: [...ROUTES, { path: "/by-host/*", upstream: "up", access: "public", host: "odd.example" }],
    login: { limits: LIMITS },
    passwords: { concurrency: 1, queue: 1 },
    tokens: { refresh: { grace: "1s" } },
  });
});
afterAll(() => subject?.gateway.stop());

async function scraped(): Promise<string> {
  const answer = await new Browser(subject.gateway.operationsUrl).fetch("/metrics");
  expect(answer.status).toBe(200);
  return answer.text;
}

const scrape = async (): Promise<Scrape> => readPrometheusText(await scraped());

/** What a metric has grown by since an earlier scrape. */
async function grown(before: Scrape, name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
  return (await scrape()).total(name, labels) - before.total(name, labels);
}

test("is in Prometheus' text format, on the operations listener only", async () => {
  const { gateway } = subject;
  const answer = await new Browser(gateway.operationsUrl).fetch("/metrics");
  expect(answer.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(answer.headers["cache-control"]).toBe("no-store");
  expect(readPrometheusText(answer.text).total("postern_build_info")).toBe(1);
  expect((await new Browser(gateway.url).fetch("/metrics")).status).toBe(404);
});

test("counts requests by the route's path, what became of them and the class of the status", async () => {
  const before = await scrape();
  const alice = await subject.loggedIn();
  await alice.api("/api/orders/1?of=alice");
  await alice.api("/api/orders/2");
  await subject.browser().fetch("/api/orders/3");
  await subject.browser().fetch("/nowhere");
  const name = "postern_requests_total";
  expect(await grown(before, name, { route: "/api/*", outcome: "proxied", status: "2xx" })).toBe(2);
  expect(await grown(before, name, { route: "/api/*", outcome: "unauthenticated", status: "4xx" })).toBe(1);
  expect(await grown(before, name, { route: "-", outcome: "not_found", status: "4xx" })).toBe(1);
  expect(await grown(before, name, { route: "reserved", outcome: "answered", status: "2xx" })).toBe(1);
  expect(await grown(before, name)).toBe(5);
});

test("the durations of a route's requests are as many as they are, in buckets that add up", async () => {
  const before = await scrape();
  const alice = await subject.loggedIn();
  for (let call = 0; call < 3; call++) await alice.api("/api/orders");
  const name = "postern_request_duration_seconds";
  expect(await grown(before, `${name}_count`, { route: "/api/*" })).toBe(3);
  expect(await grown(before, `${name}_sum`, { route: "/api/*" })).toBeGreaterThan(0);
  const after = await scrape();
  const buckets = after.samples.filter(
    (sample) => sample.name === `${name}_bucket` && sample.labels.route === "/api/*",
  );
  const counts = buckets.map(({ value }) => value);
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  expect(buckets.at(-1)?.labels.le).toBe("+Inf");
  expect(counts.at(-1)).toBe(after.total(`${name}_count`, { route: "/api/*" }));
});

test("a route with a host has it in its label", async () => {
  await subject.browser({ host: "odd.example" }).fetch("/by-host/x");
  expect((await scrape()).total("postern_requests_total", { route: "odd.example/by-host/*" })).toBe(1);
});

test("counts logins and refreshes by outcome, and names every outcome from the start", async () => {
  const before = await scrape();
  const outcomes = before.samples.filter(({ name }) => name === "postern_refreshes_total");
  expect(outcomes.map(({ labels }) => labels.outcome)).toEqual([...REFRESH_OUTCOMES]);

  const alice = await subject.loggedIn();
  expect((await alice.refresh()).status).toBe(200);
  expect((await subject.browser().login(ALICE.name, "a wrong password, and long")).status).toBe(401);
  expect((await subject.browser().refresh("no token at all")).status).toBe(401);
  expect(await grown(before, "postern_logins_total", { outcome: "ok" })).toBe(1);
  expect(await grown(before, "postern_logins_total", { outcome: "invalid_credentials" })).toBe(1);
  expect(await grown(before, "postern_refreshes_total", { outcome: "kept" })).toBe(1);
  expect(await grown(before, "postern_refreshes_total", { outcome: "malformed" })).toBe(1);
  expect(await grown(before, "postern_refreshes_total")).toBe(2);
});

test("counts the sessions that end by reason, the revocations that follow and how far the view is behind", async () => {
  const [one, two, three, four] = [
    await subject.loggedIn(),
    await subject.loggedIn(),
    await subject.loggedIn(),
    await subject.loggedIn(),
  ];
  const before = await scrape();
  await one.logout();
  const { sessions } = (await two.api("/auth/sessions")).json<{ sessions: { id: string; current: boolean }[] }>();
  await two.api(`/auth/sessions/${sessions.find(({ current }) => !current)?.id}`, { method: "DELETE" });
  await three.api("/auth/logout/all", { method: "POST" });
  expect((await four.api("/api/orders")).json().code).toBe("token_revoked");

  const name = "postern_sessions_ended_total";
  expect(await grown(before, name, { reason: "logout" })).toBe(1);
  expect(await grown(before, name, { reason: "user_request" })).toBe(1);
  expect(await grown(before, name, { reason: "logout_all" })).toBe(sessions.length - 1);
  expect(await grown(before, "postern_requests_total", { route: "/api/*", outcome: "token_revoked" })).toBe(1);

  const after = await scrape();
  expect(await grown(before, "postern_revocation_view_entries")).toBe(3);
  expect(after.total("postern_revocation_view_state", { state: "fresh" })).toBe(1);
  expect(after.total("postern_revocation_view_age_seconds")).toBeLessThanOrEqual(1);
  expect(await grown(before, "postern_revocations_read_total")).toBe(3);
  expect(await grown(before, "postern_revocation_lag_seconds_count")).toBeGreaterThanOrEqual(1);
});

test("times the store's calls by operation and outcome", async () => {
  const before = await scrape();
  await subject.loggedIn();
  const count = "postern_store_call_duration_seconds_count";
  expect(await grown(before, count, { operation: "createSession", outcome: "ok" })).toBe(1);
  expect(await grown(before, count, { operation: "takeAttempts", outcome: "ok" })).toBe(1);
});

test("a flood of logins shows in the hashing queue's refusals", async () => {
  const before = await scrape();
  const flood = Array.from({ length: 24 }, () => subject.browser().login(ALICE.name, ALICE.password));
  const refused = (await Promise.all(flood)).filter(({ status }) => status === 503).length;
  expect(refused).toBeGreaterThan(0);
  expect(await grown(before, "postern_password_hashes_refused_total")).toBe(refused);
  expect(await grown(before, "postern_logins_total", { outcome: "overloaded" })).toBe(refused);
  expect((await scrape()).total("postern_password_hashes")).toBe(0);
});

test("tells of the process and of its event loop", async () => {
  const after = await scrape();
  expect(after.total("process_cpu_seconds_total")).toBeGreaterThan(0);
  expect(after.total("process_resident_memory_bytes")).toBeGreaterThan(1_000_000);
  expect(after.total("nodejs_eventloop_lag_p99_seconds")).toBeGreaterThan(0);
});

/** Postern's own series, but those of store calls, of which some are made when their time has come. */
const ours = ({ series }: Scrape): string[] =>
  series.filter((one) => one.startsWith("postern_") && !one.startsWith("postern_store_call"));

test("whatever attackers send, no secret and no new label comes of it", async () => {
  const alice = await subject.loggedIn();
  const native = subject.browser();
  const { refresh_token: inBody = "" } = (
    await native.login(ALICE.name, ALICE.password, { refresh: "body" })
  ).json<LoginAnswer>();
  const shown: string[] = [alice.accessToken ?? "", inBody, ...alice.cookies.values(), subject.gateway.adminToken];
  const operator = new Browser(subject.gateway.operationsUrl);

  /** A round of calls whose every free part is new. */
  async function attack(): Promise<void> {
    const junk = randomBytes(9).toString("base64url");
    shown.push(junk);
    const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
    const visitor = subject.browser({
      "user-agent": junk,
      host: `${junk}.example`,
      "x-forwarded-for": junk,
      "x-request-id": junk,
    });
    await visitor.fetch(`/${junk}?access_token=${alice.accessToken}`);
    await visitor.fetch(`/api/${junk}`, bearer(`${junk}.${junk}.${junk}`));
    await visitor.fetch("/api/orders", { ...bearer(alice.accessToken ?? ""), method: junk.replace(/[^A-Za-z]/g, "X") });
    await visitor.fetch(`/api/%2f${junk}`);
    await visitor.fetch(`/auth/${junk}`);
    await visitor.login(junk, `${junk} as a password`);
    await visitor.refresh(inBody + junk);
    await visitor.fetch("/oauth/token", { form: { grant_type: junk, client_id: junk, client_secret: junk } });
    await visitor.fetch("/oauth/introspect", { form: { token: inBody, client_id: junk, client_secret: junk } });
    await operator.fetch(`/admin/users/${junk}`, bearer(junk));
    await operator.fetch(`/${junk}`);
  }

  await attack();
  const series = ours(await scrape());
  for (let round = 0; round < 5; round++) await attack();
  const text = await scraped();
  expect(ours(readPrometheusText(text))).toEqual(series);
  const secret = subject.gateway.secret;
  // Targets are the configuration's own, and here at the same address as the clients.
  const brought = text.replaceAll(/target="[^"]*"/g, "");
  for (const hidden of [...shown, secret, ALICE.name, ALICE.password, "127.0.0.1"]) {
    expect(brought).not.toContain(hidden);
  }
});

test("the documentation names every metric and no other", async () => {
  const declared = [...(await scraped()).matchAll(/^# TYPE (postern_\w+)/gm)].map(([, name]) => name);
  const text = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");
  const inTable = [...text.matchAll(/^\| `(postern_\w+)`/gm)].map(([, name]) => name);
  expect(inTable.sort()).toEqual(declared.sort());
  const used = [...text.matchAll(/postern_\w+/g)].map(([name]) => name.replace(/_(?:bucket|sum|count)$/, ""));
  expect(used.filter((name) => !declared.includes(name))).toEqual([]);
});
