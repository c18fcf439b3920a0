// A page of another origin wants to read what the gateway answers to the victim's browser. Only the origins that the
// configuration lists, letter by letter, are let in: not one that contains a listed one, not `null`, not an echo of whatever
// asks, and never everybody. And a redirect lets nobody in.
// SECURITY: CS7, CS9 (ASVS 3.4.2, CVE-2026-54290).
import { expect, test } from "vitest";
import type { Answer } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { rawRequest } from "../support/raw-http.ts";
import { startRecordingUpstream } from "../support/recording-upstream.ts";
import { attackedGateway } from "./attacked-gateway.ts";
import { attackedProcess, ROUTES } from "./attacked-process.ts";

const LISTED = "https://good.example";
const subject = await attackedProcess({ routes: ROUTES, cors: { origins: [LISTED, "https://spa.example:8443"] } });

/** One answer of every kind, as asked for from an origin. */
async function asked(origin: string): Promise<Answer[]> {
  const browser = subject.browser({ origin, "sec-fetch-site": "cross-site" });
  return [
    await browser.fetch("/public/"),
    await browser.fetch("/api/orders"),
    await browser.fetch("/nowhere"),
    await browser.fetch("/api//x"),
    await browser.fetch("/auth/me"),
    await browser.fetch("/auth/nowhere"),
    await browser.fetch("/auth/refresh", { method: "POST" }),
    await browser.fetch("/oauth/token", { form: {} }),
    await browser.fetch("/.well-known/jwks.json"),
    ...(await preflights(origin)),
  ];
}

async function preflights(origin: string): Promise<Answer[]> {
  const browser = subject.browser({ origin, "access-control-request-method": "PUT" });
  const paths = ["/public/", "/api/orders", "/account/", "/nowhere", "/auth/login", "/oauth/token"];
  return Promise.all(paths.map((path) => browser.fetch(path, { method: "OPTIONS" })));
}

test.each([
  "https://evil.example",
  "https://good.example.evil.example",
  "https://evilgood.example",
  "https://goodXexample",
  "https://sub.good.example",
  "https://good.example:8443",
  "https://good.example:443",
  "https://spa.example",
  "https://spa.example:84430",
  "http://good.example",
  "HTTPS://GOOD.EXAMPLE",
  "https://GOOD.example",
  "https://good.example.",
  "https://good.example/",
  "https://good.example, https://evil.example",
  "https://evil.example https://good.example",
  "https://alice@good.example",
  "null",
  "*",
  "file://",
])("%s is not let in", async (origin) => {
  for (const answer of await asked(origin)) {
    const leave = Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"));
    expect(leave).toEqual([]);
    expect(answer.headers.vary).toMatch(/\bOrigin\b/i);
  }
});

test.each([LISTED, "https://spa.example:8443"])("%s is, by name and with credentials", async (origin) => {
  for (const answer of await asked(origin)) {
    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
      vary: expect.stringMatching(/\bOrigin\b/i),
    });
  }
});

test("a redirect lets nobody in, not even a listed origin", async () => {
  const browser = subject.browser({ origin: LISTED, "sec-fetch-site": "same-site" });
  const login = await browser.fetch("/auth/login", { form: { username: ALICE.name, password: ALICE.password } });
  browser.cookies.delete("__Host-Http-postern-access");
  const renewed = await browser.fetch("/account/", { headers: { "sec-fetch-mode": "navigate" } });
  const logout = await browser.fetch("/auth/logout", { form: { return_to: "/bye" } });
  for (const answer of [login, renewed, logout]) {
    expect(answer.status).toBe(303);
    expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
  }
});

test("what an upstream allows a listed origin stands in no second line", async () => {
  const lax = await startRecordingUpstream(({ socket }) =>
    socket.end("HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"),
  );
  const other = await attackedGateway({
    upstreams: { up: { targets: [lax.url] } },
    routes: ROUTES.slice(2),
    cors: { origins: [LISTED] },
  });
  const head = ["GET /public/ HTTP/1.1", "Host: shop", `Origin: ${LISTED}`, "Connection: close", "", ""];
  const { text } = await rawRequest(other.url, head.join("\r\n"));
  expect(text.match(/^access-control-allow-origin:.*$/gim)).toEqual([`Access-Control-Allow-Origin: ${LISTED}`]);
});

test("without a list nobody is let in", async () => {
  const closed = await attackedGateway();
  const answer = await closed.browser({ origin: LISTED }).fetch("/auth/me");
  expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
});
