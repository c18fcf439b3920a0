import { decodeJwt } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { type DemoUpstream, startDemoUpstream } from "../support/demo-upstream.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE, BOB, ROLES } from "../support/people.ts";
import { waitUntil } from "../support/wait-until.ts";
import { startWorker, type WorkerProcess } from "../support/worker-process.ts";

let upstream: DemoUpstream;
let worker: WorkerProcess;

async function loggedIn(): Promise<Browser> {
  const browser = new Browser(worker.url);
  expect((await browser.login(ALICE.name, ALICE.password)).status).toBe(200);
  return browser;
}

beforeAll(async () => {
  upstream = await startDemoUpstream();
  worker = await startWorker({
    roles: ROLES,
    upstreams: { orders: { targets: [upstream.url] } },
    routes: [
      { path: "/api/*", upstream: "orders", access: { scopes: ["orders:read"] } },
      { path: "/public/*", upstream: "orders", access: "public" },
    ],
  });
  const added = await worker.cli(["users", "add", ALICE.name, "--role", "user", "--password-stdin"], ALICE.password);
  expect([added.code, added.stderr]).toEqual([0, ""]);
});

describe("a Worker with its store in a Durable Object", () => {
  test("logs in, renews, shows the user, and logs out; the token is refused at once", async () => {
    const browser = await loggedIn();
    const me = (await browser.api("/auth/me")).json<{ user: { username: string }; session: { address: string } }>();
    expect([me.user.username, me.session.address]).toEqual([ALICE.name, "127.0.0.1"]);
    expect((await browser.fetch("/auth/refresh", { method: "POST" })).status).toBe(200);
    expect((await browser.api("/api/orders")).status).toBe(200);
    expect((await browser.fetch("/auth/logout", { method: "POST" })).status).toBe(204);
    const refused = await browser.api("/api/orders");
    expect([refused.status, refused.json().code]).toEqual([401, "token_revoked"]);
  });

  test("passes on what it has authenticated, with the identity for the upstream", async () => {
    const browser = await loggedIn();
    const answer = await browser.api("/api/orders?q='x'&y=%2F", { headers: { "x-auth-user": "root", cookie: "a=1" } });
    expect(answer.status).toBe(200);
    const seen = upstream.requests.at(-1);
    expect(seen?.url).toBe("/api/orders?q=%27x%27&y=%2F");
    const { sub } = decodeJwt(browser.accessToken ?? "");
    expect(seen?.headers["x-auth-user"]).toBe(sub);
    expect(decodeJwt(String(seen?.headers["x-auth-identity"]))).toMatchObject({ aud: "orders", sub });
    expect(seen?.headers.cookie).toBe("a=1");
    expect(seen?.headers.authorization).toBeUndefined();
    expect(seen?.headers["x-forwarded-for"]).toBe("127.0.0.1");
  });

  test("what is asked under a login comes past the platform's cache, which tells nobody apart", async () => {
    const browser = await loggedIn();
    const asked = async (path: string, headers = {}) => {
      expect((await browser.api(path, { headers })).status).toBe(200);
      return upstream.requests.at(-1)?.headers["cache-control"];
    };
    expect(await asked("/api/report.pdf")).toBe("no-cache");
    expect(await asked("/api/report.pdf", { "cache-control": "max-age=0" })).toBe("max-age=0");
    expect(await asked("/public/logo.png")).toBeUndefined();
  });

  test("a password beyond ASCII is hashed whole, as it is everywhere else", async () => {
    const password = "пароль-верблюда-шесть";
    await worker.addUser(BOB.name, password);
    const browser = new Browser(worker.url);
    expect((await browser.login(BOB.name, password)).status).toBe(200);
    // Its first half is as many characters as the whole has bytes to spare.
    expect((await browser.login(BOB.name, `${password.slice(0, 12)}xxxxxxxxx`)).status).toBe(401);
  });

  test("what no route names, and what asks for more than a role has", async () => {
    const browser = await loggedIn();
    expect((await browser.api("/elsewhere")).status).toBe(404);
    expect((await browser.fetch("/api/orders", { headers: { authorization: "" } })).status).toBe(401);
    expect((await browser.fetch("/public/page")).status).toBe(200);
    expect((await browser.fetch("/healthz")).json()).toEqual({ status: "ok" });
  });

  test("what was stored is there after a restart, and what was revoked stays so", async () => {
    const [kept, ended] = [await loggedIn(), await loggedIn()];
    await ended.fetch("/auth/logout", { method: "POST" });
    await worker.restart();
    expect((await kept.api("/api/orders")).status).toBe(200);
    expect((await ended.api("/api/orders")).json().code).toBe("token_revoked");
    expect((await kept.fetch("/auth/refresh", { method: "POST" })).status).toBe(200);
  });
});

describe("a Worker that lacks something", () => {
  test("without its secret it serves nothing, and says what to do", async () => {
    const bare = await startWorker({}, { env: { POSTERN_SECRET: "" }, unready: "answers" });
    const answer = await new Browser(bare.url).fetch("/auth/me");
    expect([answer.status, answer.json().code]).toEqual([500, "internal"]);
    expect(answer.text).not.toContain("SECRET");
    await waitUntil(
      () => `the log does not say what to do; it says:\n${bare.logs()}`,
      () => bare.logs().includes("wrangler secret put POSTERN_SECRET"),
    );
  });
});
