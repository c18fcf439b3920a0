// Streams stay open while tokens expire: a session's as long as the session lives, asked for once; others as long as their token.
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { beforeAll, expect, test } from "vitest";
import type { Browser, LoginAnswer } from "../support/http-client.ts";
import { type ListeningGateway, listeningGateway } from "../support/listening-gateway.ts";
import { ALICE } from "../support/people.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../support/recording-upstream.ts";
import { serviceClient } from "../support/service-client.ts";
import { openEvents, openWebSocket } from "../support/stream-clients.ts";
import { startStreamingUpstream } from "../support/streaming-upstream.ts";
import { waitUntil } from "../support/wait-until.ts";

const TTL = 5 * 60_000;
const DAY = 24 * 60 * 60_000;
const service = serviceClient(["orders:read"]);

const DOWNLOAD = 100_000_000;
let gateway: ListeningGateway;
/** A service whose downloads are never whole. */
let files: RecordingUpstream;
beforeAll(async () => {
  const { url } = await startStreamingUpstream();
  files = await startRecordingUpstream(({ socket }) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${DOWNLOAD}\r\n\r\n`);
    socket.write(Buffer.alloc(DOWNLOAD / 2));
  });
  const live = { upstream: "live", access: "required", websocket: true };
  const config = {
    clients: service.config,
    upstreams: { live: { targets: [url] }, files: { targets: [files.url] } },
    routes: [
      { path: "/files/*", upstream: "files", access: "required" },
      { path: "/live/*", ...live },
      { path: "/brief/*", ...live, streams: "token" },
      { path: "/page/*", ...live, credentials: "session" },
    ],
  };
  gateway = await listeningGateway(config);
  await gateway.addUser(ALICE);
});

const bearer = (token: string | null) => ({ authorization: `Bearer ${token}` });

async function logIn(): Promise<Browser> {
  const browser = gateway.browser();
  expect((await browser.login(ALICE.name, ALICE.password)).status).toBe(200);
  return browser;
}

/** Resolves when what is open has been looked at since its token expired: what nothing else keeps has been cut. */
async function lookedAt(): Promise<void> {
  const browser = await logIn();
  const socket = await openWebSocket(`${gateway.url}/brief/ws`, bearer(browser.accessToken));
  await gateway.advance(TTL);
  await socket.end;
}

test("under a session they outlive the token, and a logout ends them", async () => {
  const browser = await logIn();
  const socket = await openWebSocket(`${gateway.url}/live/ws`, bearer(browser.accessToken));
  const events = await openEvents(`${gateway.url}/live/events`, bearer(browser.accessToken));
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const page = await openWebSocket(`${gateway.url}/page/ws`, { cookie, origin: gateway.url });
  await gateway.advance(TTL);
  expect((await browser.api("/live/events")).json()).toMatchObject({ code: "token_expired" });
  await lookedAt();
  await gateway.advance(TTL);
  for (const stream of [socket, events, page]) {
    await stream.works();
    expect(stream.isOpen()).toBe(true);
  }
  expect((await browser.logout()).status).toBe(204);
  expect([await socket.end, await page.end]).toEqual([
    [4401, "token_revoked"],
    [4401, "token_revoked"],
  ]);
  expect(await events.end).toEqual([null, 401]);
});

test("a session that nobody uses ends them with its own end", async () => {
  const browser = await logIn();
  const socket = await openWebSocket(`${gateway.url}/live/ws`, bearer(browser.accessToken));
  await gateway.advance(TTL);
  await lookedAt();
  await socket.works();
  await gateway.advance(15 * DAY);
  expect(await socket.end).toEqual([4401, "session_ended"]);
});

test("where the route says so, the token's end is theirs", async () => {
  const browser = await logIn();
  const socket = await openWebSocket(`${gateway.url}/brief/ws`, bearer(browser.accessToken));
  const other = await openWebSocket(`${gateway.url}/live/ws`, bearer(browser.accessToken));
  await gateway.advance(TTL);
  expect(await socket.end).toEqual([4401, "token_expired"]);
  await other.works();
  expect(await gateway.observed()).toContainEqual({ kind: "stream_cut", stream: "websocket", cut: "token_expired" });
  other.close();
});

test("a service's token is the end of what a service has opened", async () => {
  const { id, secret } = service;
  const answer = await gateway.browser().fetch("/oauth/token", {
    form: { grant_type: "client_credentials" },
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
  });
  const { access_token: token } = answer.json<LoginAnswer>();
  const socket = await openWebSocket(`${gateway.url}/live/ws`, bearer(token));
  const events = await openEvents(`${gateway.url}/live/events`, bearer(token));
  await gateway.advance(TTL);
  expect(await socket.end).toEqual([4401, "token_expired"]);
  expect(await events.end).toEqual([null, 401]);
});

test("a download that has said how long it is goes on when its token expires, comes as it is coded, and ends with a logout", async () => {
  const browser = await logIn();
  const request = get(`${gateway.url}/files/x`, { headers: bearer(browser.accessToken) });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  expect(response.headers).toMatchObject({ "content-encoding": "gzip", "content-length": String(DOWNLOAD) });
  let received = 0;
  response.on("data", (piece) => {
    received += piece.length;
  });
  response.on("error", () => {});
  await lookedAt();
  await waitUntil(
    () => `${received} bytes have come`,
    () => received === DOWNLOAD / 2,
  );
  const ends = Promise.all([
    new Promise((resolve) => response.once("close", resolve)),
    files.connection(0).then(({ until }) => until(({ closed }) => closed)),
  ]);
  expect((await browser.logout()).status).toBe(204);
  await ends;
  expect(response.complete).toBe(false);
});
