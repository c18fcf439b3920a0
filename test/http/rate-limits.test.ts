import { decodeJwt } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type AttackedProcess, addUser, attackedProcess } from "../attacks/attacked-process.ts";
import { type Answer, Browser } from "../support/http-client.ts";
import { ALICE, BOB } from "../support/people.ts";
import { readPrometheusText } from "../support/prometheus-text.ts";

/** So slow that nothing comes back while a test runs. */
const rate = (requests: number) => `${requests}/1d`;
const BURST = 3;

let subject: AttackedProcess;

beforeAll(async () => {
  const by = (whose: string, more = {}) => [{ by: whose, rate: rate(BURST), ...more }];
  subject = await attackedProcess({
    trustedProxies: ["127.0.0.1/32"],
    limits: [{ by: "address", rate: rate(40) }],
    routes: [
      { path: "/open/*", upstream: "up", access: "public", limits: by("address") },
      { path: "/bursts/*", upstream: "up", access: "public", limits: by("address", { rate: "1/1d", burst: 5 }) },
      { path: "/mine/*", upstream: "up", access: "required", limits: by("user") },
      { path: "/pages/*", upstream: "up", access: "required", credentials: "session", limits: by("user") },
      { path: "/maybe/*", upstream: "up", access: "optional", limits: by("user") },
      { path: "/app/*", upstream: "up", access: { scopes: ["orders:write"] }, limits: by("client") },
      { path: "/chat", upstream: "up", access: "public", websocket: true, limits: by("address") },
      { path: "/guarded/*", upstream: "up", access: "required", limits: by("address") },
      { path: "/asked/*", access: "public", limits: by("address") },
      { path: "/free/*", upstream: "up", access: "public" },
    ],
  });
  await addUser(subject.gateway, BOB);
});

/** A client at an address that nobody else has. */
let clients = 0;
const somebody = (): Browser => subject.browser({ "x-forwarded-for": `192.0.2.${++clients}` });
async function loggedIn(person: { readonly name: string; readonly password: string } = ALICE): Promise<Browser> {
  const browser = somebody();
  expect((await browser.login(person.name, person.password)).status).toBe(200);
  return browser;
}

async function statuses(times: number, ask: () => Promise<Answer>): Promise<number[]> {
  const seen: number[] = [];
  for (let time = 0; time < times; time++) seen.push((await ask()).status);
  return seen;
}

const limited = (passed: number, refused: number, status = 429): number[] => [
  ...Array.from({ length: passed }, () => 200),
  ...Array.from({ length: refused }, () => status),
];

describe("a limit by address", () => {
  test("lets as many through as it names, each address for itself, and no more to the service", async () => {
    const [one, other] = [somebody(), somebody()];
    const before = subject.upstream.requests.length;
    expect(await statuses(5, () => one.fetch("/open/a"))).toEqual(limited(BURST, 2));
    expect(await statuses(1, () => one.fetch("/open/b", { method: "POST", body: "x" }))).toEqual([429]);
    expect(await statuses(4, () => other.fetch("/open/a"))).toEqual(limited(BURST, 1));
    expect(subject.upstream.requests.length - before).toBe(2 * BURST);
  });

  test("says when to come back, as the draft of the HTTPAPI group says it", async () => {
    const browser = somebody();
    await statuses(BURST, () => browser.fetch("/open/a"));
    const refused = await browser.fetch("/open/a");
    expect([refused.status, refused.json().code]).toEqual([429, "rate_limited"]);
    const wait = Number(refused.headers["retry-after"]);
    expect(wait).toBeGreaterThan(86_400 / BURST - 600);
    expect(wait).toBeLessThanOrEqual(86_400 / BURST);
    expect(refused.headers["ratelimit-policy"]).toBe(`"address";q=${BURST};w=86400`);
    expect(refused.headers.ratelimit).toBe(`"address";r=0;t=${wait}`);
    expect(refused.headers["cache-control"]).toBe("no-store");
  });

  test("may allow more at once than its rate", async () => {
    const browser = somebody();
    expect(await statuses(6, () => browser.fetch("/bursts/a"))).toEqual(limited(5, 1));
  });

  test("comes before the credential is looked at", async () => {
    const browser = somebody();
    const guess = () => browser.fetch("/guarded/a", { headers: { authorization: "Bearer guessed" } });
    expect(await statuses(5, guess)).toEqual([401, 401, 401, 429, 429]);
  });

  test("counts WebSockets when they are opened", async () => {
    const headers = { "x-forwarded-for": `192.0.2.${++clients}` };
    const open = () =>
      new Promise<number>((resolve) => {
        const socket = new WebSocket(`${subject.gateway.url.replace("http", "ws")}/chat`, { headers });
        // The demo service speaks no WebSocket: what it answers shows that it was asked.
        socket.once("unexpected-response", (request, { statusCode = 0 }) => {
          request.destroy();
          resolve(statusCode);
        });
        socket.on("error", () => {});
      });
    const seen: number[] = [];
    for (let time = 0; time < BURST + 1; time++) seen.push(await open());
    expect(seen.slice(0, BURST)).not.toContain(429);
    expect(seen[BURST]).toBe(429);
  });
});

describe("a limit by user", () => {
  test("counts a user on all devices, and other users by themselves", async () => {
    const [phone, laptop, bob] = [await loggedIn(), await loggedIn(), await loggedIn(BOB)];
    expect(await statuses(2, () => phone.api("/mine/a"))).toEqual([200, 200]);
    expect(await statuses(2, () => laptop.api("/mine/a"))).toEqual([200, 429]);
    expect((await laptop.api("/mine/a")).headers["ratelimit-policy"]).toBe(`"user";q=${BURST};w=86400`);
    expect(await statuses(1, () => bob.api("/mine/a"))).toEqual([200]);
  });

  test("is not used up by requests without a good token", async () => {
    const alice = await loggedIn();
    const sub = String(decodeJwt(alice.accessToken ?? "").sub);
    const forged = () => somebody().fetch("/maybe/a", { headers: { authorization: `Bearer ${sub}` } });
    expect(await statuses(5, forged)).toEqual([401, 401, 401, 401, 401]);
    expect(await statuses(5, () => somebody().fetch("/maybe/a"))).toEqual(limited(5, 0));
    expect(await statuses(4, () => alice.api("/maybe/a"))).toEqual(limited(BURST, 1));
  });

  test("holds where cookies authenticate", async () => {
    const alice = await loggedIn();
    expect(await statuses(5, () => alice.fetch("/pages/a"))).toEqual(limited(BURST, 2));
  });
});

test("a limit by client counts all of its users together, refused ones too", async () => {
  const [alice, bob] = [await loggedIn(), await loggedIn(BOB)];
  expect(await statuses(2, () => alice.api("/app/a"))).toEqual([403, 403]);
  expect(await statuses(2, () => bob.api("/app/a"))).toEqual([403, 429]);
});

test("a limit over all routes holds for all of them together, Postern's own endpoints left out", async () => {
  const browser = somebody();
  const paths = ["/free/a", "/maybe/a"];
  const seen: number[] = [];
  for (let time = 0; time < 42; time++) seen.push((await browser.fetch(paths[time % 2] ?? "")).status);
  expect(seen).toEqual(limited(40, 2));
  expect((await browser.fetch("/.well-known/jwks.json")).status).toBe(200);
});

test("forward auth answers 503 with the time to wait: proxies know no 429", async () => {
  const headers = { "x-forwarded-method": "GET", "x-forwarded-uri": "/asked/a", "x-forwarded-host": "app.example" };
  const browser = somebody();
  expect(await statuses(4, () => browser.fetch("/auth/verify", { headers }))).toEqual(limited(BURST, 1, 503));
  const refused = await browser.fetch("/auth/verify", { headers });
  expect(refused.json()).toMatchObject({ code: "overloaded", detail: "Too many requests" });
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(60);
});

test("what is refused is counted by route", async () => {
  const text = async () => (await new Browser(subject.gateway.operationsUrl).fetch("/metrics")).text;
  const labels = { route: "/open/*", outcome: "rate_limited", status: "4xx" };
  const count = async () => readPrometheusText(await text()).total("postern_requests_total", labels);
  const [before, browser] = [await count(), somebody()];
  await statuses(BURST + 2, () => browser.fetch("/open/a"));
  expect((await count()) - before).toBe(2);
});
