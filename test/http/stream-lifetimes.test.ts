// Streams stay open while tokens expire: a session's as long as the session lives, asked for once; others as long as their token.
import { beforeAll, beforeEach, expect, test } from "vitest";
import type { Store } from "../../src/stores/store.ts";
import type { Browser, LoginAnswer } from "../support/http-client.ts";
import { type ListeningGateway, listeningGateway } from "../support/listening-gateway.ts";
import { ALICE } from "../support/people.ts";
import { serviceClient } from "../support/service-client.ts";
import { openEvents, openWebSocket } from "../support/stream-clients.ts";
import { startStreamingUpstream } from "../support/streaming-upstream.ts";
import { waitUntil } from "../support/wait-until.ts";

const TTL = 5 * 60_000;
const DAY = 24 * 60 * 60_000;
const service = serviceClient(["orders:read"]);

let asked = 0;
/** Counts how often the gateway asks for a session. */
const counted = (store: Store): Store => ({
  ...store,
  session(of) {
    asked++;
    return store.session(of);
  },
});

let gateway: ListeningGateway;
beforeAll(async () => {
  const { url } = await startStreamingUpstream();
  const live = { upstream: "live", access: "required", websocket: true };
  const config = {
    clients: service.config,
    upstreams: { live: { targets: [url] } },
    routes: [
      { path: "/live/*", ...live },
      { path: "/brief/*", ...live, streams: "token" },
      { path: "/page/*", ...live, credentials: "session" },
    ],
  };
  gateway = await listeningGateway(config, undefined, { store: counted });
  await gateway.addUser(ALICE);
});

beforeEach(() => {
  asked = 0;
});

const bearer = (token: string | null) => ({ authorization: `Bearer ${token}` });

async function logIn(): Promise<Browser> {
  const browser = gateway.browser();
  expect((await browser.login(ALICE.name, ALICE.password)).status).toBe(200);
  return browser;
}

test("under a session they outlive the token, the store is asked once for each, and a logout ends them", async () => {
  const browser = await logIn();
  const socket = await openWebSocket(`${gateway.url}/live/ws`, bearer(browser.accessToken));
  const events = await openEvents(`${gateway.url}/live/events`, bearer(browser.accessToken));
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const page = await openWebSocket(`${gateway.url}/page/ws`, { cookie, origin: gateway.url });
  await gateway.advance(TTL);
  expect((await browser.api("/live/events")).json()).toMatchObject({ code: "token_expired" });
  await waitUntil(
    () => `the store has been asked ${asked} times`,
    () => asked >= 3,
  );
  await gateway.advance(TTL);
  for (const stream of [socket, events, page]) {
    await stream.works();
    expect(stream.isOpen()).toBe(true);
  }
  expect(asked).toBe(3);
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
  await waitUntil(
    () => "the store has not been asked",
    () => asked === 1,
  );
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
  expect(asked).toBe(0);
});
