// The gateway sits where it can reach what the attacker cannot: other services, metadata addresses, its own operations listener.
// Nothing that a client writes may choose where a request goes: not an absolute target, not Host, not a forwarded host, not a
// WebSocket's path. The one who listens where the attacker points hears nothing.
// SECURITY: PX12 (draft-ietf-oauth-browser-based-apps, proxy restrictions).
import { beforeEach, expect, test } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { startRecordingUpstream } from "../support/recording-upstream.ts";
import { attackedProcess } from "./attacked-process.ts";

const canary = await startRecordingUpstream();
const there = new URL(canary.url).host;
const subject = await attackedProcess({
  routes: [{ path: "/*", upstream: "up", access: "public", websocket: true, allowAmbiguousPath: true }],
});

beforeEach(() => {
  subject.upstream.requests.length = 0;
});

const WEBSOCKET = [
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

async function expectUnheard(line: string, lines: readonly string[]): Promise<void> {
  for (const end of [["Connection: close"], WEBSOCKET]) {
    const head = [line, ...lines, ...end, "", ""].join("\r\n");
    const { status } = await rawRequest(subject.gateway.url, head, (text) => text.includes("\r\n\r\n"));
    expect([200, 400, 405, 502], head).toContain(status);
  }
  expect(canary.connections).toHaveLength(0);
  for (const { headers } of subject.upstream.requests) expect(headers.host).toBe(new URL(subject.upstream.url).host);
}

test.each([
  `http://${there}/`,
  `http://${there}/api`,
  `https://${there}/`,
  `HTTP://${there}/`,
  `http://shop@${there}/`,
  `http:/${there}/`,
  `http:${there}/`,
  `//${there}/`,
  `///${there}/`,
  `/\\${there}/`,
  `/@${there}/`,
  `@${there}/`,
  `/../${there}/`,
  `/http://${there}/`,
  `/?url=http://${there}/`,
  `/%2f%2f${there}/`,
  `ws://${there}/`,
  `ftp://${there}/`,
  there,
  `*`,
  `?http://${there}/`,
  `#@${there}/`,
])("GET %s", async (target) => {
  await expectUnheard(`GET ${target} HTTP/1.1`, ["Host: shop"]);
});

test.each([
  ["Host", [`Host: ${there}`]],
  ["Host with a user part", [`Host: shop@${there}`]],
  ["two Hosts", ["Host: shop", `Host: ${there}`]],
  ["X-Forwarded-Host", ["Host: shop", `X-Forwarded-Host: ${there}`]],
  ["Forwarded", ["Host: shop", `Forwarded: host=${there};proto=http`]],
  ["X-Original-URL", ["Host: shop", `X-Original-URL: http://${there}/`, `X-Rewrite-URL: http://${there}/`]],
  [
    "X-Host and the like",
    ["Host: shop", `X-Host: ${there}`, `X-Forwarded-Server: ${there}`, `X-HTTP-Host-Override: ${there}`],
  ],
  ["Origin and Referer", ["Host: shop", `Origin: http://${there}`, `Referer: http://${there}/`]],
  ["Alt-Used", ["Host: shop", `Alt-Used: ${there}`, `Destination: http://${there}/`]],
])("by %s", async (_, lines) => {
  await expectUnheard("GET / HTTP/1.1", lines);
});

test("CONNECT opens no tunnel", async () => {
  const head = `CONNECT ${there} HTTP/1.1\r\nHost: ${there}\r\n\r\n`;
  const { status } = await rawRequest(subject.gateway.url, head);
  expect(status).toBe(405);
  expect(canary.connections).toHaveLength(0);
});
