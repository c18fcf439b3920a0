// A session ends, at the other gateway, while a request of it waits for its service: what the service then says is not for whoever has
// logged out, unless it is what has been done.
import { beforeAll, expect, test } from "vitest";
import { Browser } from "../support/http-client.ts";
import { ALICE, BOB } from "../support/people.ts";
import { OK, type RecordedConnection, startRecordingUpstream } from "../support/recording-upstream.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type GatewayPair, startGatewayPair } from "./gateway-pair.ts";

const held: RecordedConnection[] = [];
let pair: GatewayPair;
beforeAll(async () => {
  const up = await startRecordingUpstream((connection) => {
    if (connection.received.includes(" /held ")) held.push(connection);
    else connection.socket.end(OK);
  });
  pair = await startGatewayPair({
    upstreams: { up: { targets: [up.url] } },
    routes: [{ path: "/*", upstream: "up", access: "required" }],
  });
  for (const { name, password } of [ALICE, BOB]) await pair.a.addUser(name, password);
});

/** Asks at one gateway, ends the session at the other, and has the service answer when the first knows. */
async function askAndLogOut(method: string, who: { readonly name: string; readonly password: string } = ALICE) {
  const browser = new Browser(pair.a.url);
  expect((await browser.login(ALICE.name, ALICE.password)).status).toBe(200);
  const asking = new Browser(pair.b.url);
  asking.accessToken = browser.accessToken;
  if (who !== ALICE) expect((await asking.login(who.name, who.password)).status).toBe(200);
  const before = held.length;
  const answer = asking.api("/held", { method });
  await waitUntil(
    () => "the request has not come",
    () => held.length > before,
  );
  expect((await browser.logout()).status).toBe(204);
  await waitUntil(
    () => "the other gateway has not heard of it",
    async () => {
      const later = new Browser(pair.b.url);
      later.accessToken = browser.accessToken;
      return (await later.api("/now")).status === 401;
    },
  );
  held[before]?.socket.write(
    "HTTP/1.1 200 OK\r\nConnection: close\r\nSet-Cookie: secret=1\r\nContent-Length: 2\r\n\r\nok",
  );
  return { answer: await answer, there: held[before] };
}

test.each(["GET", "OPTIONS"])("%s: 401, and nothing of the answer", async (method) => {
  const { answer, there } = await askAndLogOut(method);
  expect(answer.status).toBe(401);
  expect(answer.json()).toMatchObject({ code: "token_revoked" });
  expect(answer.headers["www-authenticate"]).toBe('Bearer error="invalid_token"');
  expect(answer.setCookies).toEqual([]);
  await there?.until(({ closed }) => closed);
});

test.each(["POST", "DELETE"])("%s: the answer, because it has been done", async (method) => {
  const { answer } = await askAndLogOut(method);
  expect([answer.status, answer.text]).toEqual([200, "ok"]);
});

test("of another session: the answer", async () => {
  const { answer } = await askAndLogOut("GET", BOB);
  expect([answer.status, answer.text]).toEqual([200, "ok"]);
});
