// A field is sent on two lines, one for the gateway's eyes and one for whoever reads the other: the first, the last, or both as one list. What
// decides anything is read from all its lines, and where there may be one only, two are refused or count as none.
// SECURITY: PX22 (CVE-2026-26308). The credentials' own lines: token-credential-scheme; those against forgery: csrf-cross-site; those that
// name a request to judge: http/forward-auth; Host and the body's length: http/proxy-strictness.
import { describe, expect, test } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { serviceClient } from "../support/service-client.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { sendLines } from "./credential-lines.ts";
import { cookieOf, REFRESH_COOKIE } from "./shown-token.ts";

const GOOD = "https://spa.example.com";
const EVIL = "https://evil.example";
const service = serviceClient(["orders:read"]);
const subject = await attackedGateway({
  clients: service.config,
  cors: { origins: [GOOD] },
  trustedProxies: ["127.0.0.0/8", "192.0.2.0/24"],
  routes: [
    { path: "/api/*", upstream: "orders", access: "required", websocket: true },
    { path: "/account/*", upstream: "orders", access: "required", credentials: "session" },
    { path: "/limited/*", upstream: "orders", access: "public", limits: [{ by: "address", rate: "2/1h" }] },
    { path: "/own-cors/*", upstream: "orders", access: "required", cors: false },
  ],
});
const { browser } = await loggedIn(subject);
const token = browser.accessToken ?? "";
const access = browser.cookies.get(`${REFRESH_COOKIE}-access`) ?? "";

const bothWays = (one: string, other: string): [string, readonly string[]][] => [
  ["in one order", [one, other]],
  ["in the other", [other, one]],
];
/** Sends a request with these header lines exactly. */
const send = (line: string, lines: readonly string[], body = "") => {
  const length = body === "" ? [] : [`Content-Length: ${body.length}`];
  const head = [`${line} HTTP/1.1`, "Host: a", "Connection: close", ...lines, ...length].join("\r\n");
  return rawRequest(subject.url, `${head}\r\n\r\n${body}`);
};
const seen = () => subject.upstream.requests.length;

test.each([`${REFRESH_COOKIE}-access=${access}`, `${REFRESH_COOKIE}=${cookieOf(browser)}`])(
  "a session's cookie on two lines",
  async (good) => {
    const [name] = good.split("=", 1);
    expect((await sendLines(subject, "/account/", [`Cookie: ${good}`])).status).toBe(200);
    const before = seen();
    for (const [, lines] of bothWays(`Cookie: ${good}`, `Cookie: ${name}=evil`)) {
      expect((await sendLines(subject, "/account/", lines)).status).toBe(400);
    }
    expect(seen()).toBe(before);
  },
);

describe("Origin on two lines", () => {
  test.each(bothWays(`Origin: ${GOOD}`, `Origin: ${EVIL}`))("gives leave to nobody: %s", async (_, lines) => {
    const bearer = `Authorization: Bearer ${token}`;
    expect((await sendLines(subject, "/api/x", [`Origin: ${GOOD}`, bearer])).text).toMatch(
      /access-control-allow-origin/i,
    );
    expect((await sendLines(subject, "/api/x", [...lines, bearer])).text).not.toMatch(/access-control-allow-origin/i);
    const preflight = await send("OPTIONS /api/x", [...lines, "Access-Control-Request-Method: PUT"]);
    expect(preflight.text).not.toMatch(/access-control-allow-origin/i);
  });

  test.each(bothWays(`Origin: ${subject.url}`, `Origin: ${EVIL}`))("is another site's: %s", async (_, lines) => {
    const cookie = `Cookie: ${REFRESH_COOKIE}=${cookieOf(browser)}`;
    const answer = await send("POST /auth/refresh", [...lines, cookie]);
    expect([answer.status, answer.text]).toEqual([403, expect.stringContaining("csrf")]);
  });
});

test.each(bothWays("Access-Control-Request-Method: GET", "Access-Control-Request-Method: DELETE"))(
  "a preflight for two methods is none, and needs what any request needs: %s",
  async (_, lines) => {
    const before = seen();
    expect((await send("OPTIONS /own-cors/x", [`Origin: ${GOOD}`, lines[0] ?? ""])).status).toBe(200);
    expect(seen()).toBe(before + 1);
    expect((await send("OPTIONS /own-cors/x", [`Origin: ${GOOD}`, ...lines])).status).toBe(401);
    expect(seen()).toBe(before + 1);
  },
);

test("a client's secret on two lines", async () => {
  const basic = (secret: string) => `Authorization: Basic ${btoa(`${service.id}:${secret}`)}`;
  const form = ["Content-Type: application/x-www-form-urlencoded"];
  const body = "grant_type=client_credentials";
  expect((await send("POST /oauth/token", [...form, basic(service.secret)], body)).status).toBe(200);
  for (const [, lines] of bothWays(basic(service.secret), basic("wrong"))) {
    expect((await send("POST /oauth/token", [...form, ...lines], body)).status).toBe(401);
  }
});

test.each(
  bothWays(`Sec-WebSocket-Protocol: postern.bearer, ${token}`, "Sec-WebSocket-Protocol: postern.bearer, x.y.z"),
)("a WebSocket's token on two lines: %s", async (_, lines) => {
  const upgrade = ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
  const answer = await rawRequest(
    subject.url,
    `GET /api/x HTTP/1.1\r\n${["Host: a", "Connection: Upgrade", ...upgrade, ...lines].join("\r\n")}\r\n\r\n`,
    (text) => text.endsWith("}"),
  );
  expect([answer.status, answer.text]).toEqual([401, expect.stringContaining("token_invalid")]);
});

test("X-Forwarded-For on two lines is one list: the last that no trusted proxy has written is who asks", async () => {
  const ask = async (...lines: readonly string[]) =>
    (
      await sendLines(
        subject,
        "/limited/x",
        lines.map((line) => `X-Forwarded-For: ${line}`),
      )
    ).status;
  expect([await ask("198.51.100.1"), await ask("198.51.100.1")]).toEqual([200, 200]);
  expect(await ask("203.0.113.9", "198.51.100.1")).toBe(429);
  expect(await ask("203.0.113.9, 198.51.100.1", "192.0.2.1")).toBe(429);
  expect(await ask("198.51.100.1", "203.0.113.9")).toBe(200);
});

test("Via on two lines: a request that has come round is refused, whichever says so", async () => {
  const bearer = `Authorization: Bearer ${token}`;
  await sendLines(subject, "/api/x", [bearer]);
  const ours = /\S+$/.exec(String(subject.upstream.requests.at(-1)?.headers.via))?.[0];
  expect(ours).toMatch(/^postern-/);
  for (const [, lines] of bothWays(`Via: 1.1 ${ours}`, "Via: 1.1 another")) {
    expect((await sendLines(subject, "/api/x", [bearer, ...lines])).status).toBe(502);
  }
});

test.each(bothWays("Connection: X-One", "Connection: X-Two"))(
  "what either line of Connection names goes no further: %s",
  async (_, lines) => {
    const named = ["X-One: 1", "X-Two: 2", "X-Three: 3", `Authorization: Bearer ${token}`];
    expect((await sendLines(subject, "/api/x", [...lines, ...named])).status).toBe(200);
    const { headers } = subject.upstream.requests.at(-1) ?? {};
    expect([headers?.["x-one"], headers?.["x-two"], headers?.["x-three"]]).toEqual([undefined, undefined, "3"]);
  },
);

test.each(bothWays('If-Match: "none-such"', 'If-Match: "neither"'))(
  "If-Match on two lines is one list: %s",
  async (_, lines) => {
    const bearer = `Authorization: Bearer ${token}`;
    const etag = /\r\netag: (\S+)\r\n/i.exec((await sendLines(subject, "/auth/session/data", [bearer])).text)?.[1];
    const patch = (more: readonly string[]) =>
      send("PATCH /auth/session/data", [bearer, "Content-Type: application/merge-patch+json", ...more], "{}");
    expect((await patch(lines)).status).toBe(412);
    expect((await patch([lines[0] ?? "", `If-Match: ${etag}`])).status).toBe(200);
  },
);
