// Requests may be sent before the answers to earlier ones have come (RFC 9112 §9.3.2). An attacker, who needs no credential, sends an
// upgrade or CONNECT right behind another request: the server hands the socket over while an answer is still being written to it.
// A gateway that then writes a second answer to the same socket mixes up the two, or falls over for everybody.
import { expect, test } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { attackedProcess, ROUTES } from "./attacked-process.ts";

const subject = await attackedProcess({
  routes: [...ROUTES, { path: "/ws", upstream: "up", access: "public", websocket: true }],
});

const lines = (...text: string[]): string => [...text, "", ""].join("\r\n");
const UPGRADE = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eA=="];
const upgradeOf = (path: string): string => lines(`GET ${path} HTTP/1.1`, "Host: shop", ...UPGRADE);
const CONNECT = lines("CONNECT shop:443 HTTP/1.1", "Host: shop:443");

const FIRST = {
  "one that an upstream answers": ["GET /public/slow HTTP/1.1"],
  "one that is refused at once": ["GET /api/orders HTTP/1.1"],
  "an endpoint of the gateway": ["GET /auth/me HTTP/1.1"],
  "one that waits to be told to continue": ["POST /public/a HTTP/1.1", "Expect: 100-continue", "Content-Length: 0"],
  "one that expects something unknown": ["GET /public/a HTTP/1.1", "Expect: wonders"],
  "one that goes no further": ["OPTIONS * HTTP/1.1"],
} as const;

const cases = Object.entries(FIRST).flatMap(([name, head]) =>
  Object.entries({ "an upgrade": upgradeOf("/ws"), "an upgrade that is refused": upgradeOf("/api"), CONNECT }).map(
    ([second, bytes]) => ({ name, second, bytes: lines(...head, "Host: shop") + bytes }),
  ),
);

test.each(cases)("behind $name, $second ends the connection and nothing else", async ({ bytes }) => {
  const { text, closed } = await rawRequest(subject.gateway.url, bytes);
  expect(closed).toBe(true);
  expect(text.match(/HTTP\/1\.1 [2-5]/g)?.length ?? 0).toBeLessThanOrEqual(1);
  expect(text).not.toContain("101 ");
  expect((await subject.browser().fetch("/public/still-there")).status).toBe(200);
});

test("the operations listener holds, too", async () => {
  const { operationsUrl } = subject.gateway;
  const { closed } = await rawRequest(
    operationsUrl,
    lines("GET /readyz HTTP/1.1", "Host: shop") + upgradeOf("/readyz"),
  );
  expect(closed).toBe(true);
  expect((await fetch(`${operationsUrl}/readyz`)).status).toBe(200);
});

test("behind a request that is no request, the refusal of the first still arrives", async () => {
  const { status, closed, text } = await rawRequest(
    subject.gateway.url,
    lines("GET /public/a HTTP/1.1", "Host: a@b") + CONNECT,
  );
  expect({ status, closed }).toEqual({ status: 400, closed: true });
  expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
});
