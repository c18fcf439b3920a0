import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { basic, type FeedReader, openFeed } from "../support/feed-reader.ts";
import { type ListeningGateway, listeningGateway } from "../support/listening-gateway.ts";
import { ALICE } from "../support/people.ts";
import { serviceClient } from "../support/service-client.ts";
import { waitUntil } from "../support/wait-until.ts";

const FOLLOWER = serviceClient(["postern:revocations"]);
const OTHER = serviceClient(["orders:read"]);
let gateway: ListeningGateway;
const open: FeedReader[] = [];

beforeAll(async () => {
  gateway = await listeningGateway({
    clients: { ...FOLLOWER.config, ...OTHER.config },
    roles: { user: { scopes: ["postern:revocations"] } },
  });
  await gateway.addUser(ALICE);
});
afterAll(async () => {
  for (const feed of open) feed.close();
  await gateway.close();
});

async function follow(headers: Record<string, string> = {}, query = ""): Promise<FeedReader> {
  const feed = await openFeed(gateway.url, { authorization: basic(FOLLOWER), ...headers }, query);
  open.push(feed);
  return feed;
}

/** Logs in and out; resolves with the session's id. */
async function endedSession(): Promise<string> {
  const browser = gateway.browser();
  const answer = await browser.login(ALICE.name, ALICE.password);
  const { session_id } = answer.json<{ session_id: string }>();
  expect((await browser.logout()).status).toBe(204);
  return session_id;
}

describe("who may follow", () => {
  const status = async (headers: Record<string, string>): Promise<readonly unknown[]> => {
    const feed = await openFeed(gateway.url, headers);
    const { code } = JSON.parse(await feed.text());
    return [feed.status, code, feed.headers["www-authenticate"]];
  };
  const challenge = 'Basic realm="postern", charset="UTF-8", Bearer';

  test("nobody without credentials, or with wrong ones", async () => {
    expect(await status({})).toEqual([401, "unauthenticated", challenge]);
    for (const authorization of [
      basic({ id: FOLLOWER.id, secret: OTHER.secret }),
      basic({ id: "c_nobody", secret: FOLLOWER.secret }),
      basic({ id: "postern", secret: "" }),
      "Basic !",
      "Digest x",
    ]) {
      expect(await status({ authorization }), authorization).toEqual([401, "unauthenticated", challenge]);
    }
    expect(await status({ authorization: "Bearer x" })).toEqual([401, "token_invalid", 'Bearer error="invalid_token"']);
  });

  test("no client without the scope, and no person with it", async () => {
    const wanted = 'Bearer error="insufficient_scope", scope="postern:revocations"';
    expect(await status({ authorization: basic(OTHER) })).toEqual([403, "insufficient_scope", wanted]);
    const browser = gateway.browser();
    await browser.login(ALICE.name, ALICE.password);
    const authorization = `Bearer ${browser.accessToken}`;
    expect(await status({ authorization })).toEqual([403, "forbidden", undefined]);
  });

  test("by GET only", async () => {
    for (const method of ["HEAD", "POST"]) {
      const answer = await gateway.browser().fetch("/auth/revocations", {
        method,
        headers: { authorization: basic(FOLLOWER) },
      });
      expect([answer.status, answer.headers.allow], method).toEqual([405, "GET"]);
    }
  });

  test("as many as are configured, and the next one when one has gone", async () => {
    const small = await listeningGateway({ clients: FOLLOWER.config, revocation: { maxFollowers: 1 } });
    const ask = (): Promise<FeedReader> => openFeed(small.url, { authorization: basic(FOLLOWER) });
    const first = await ask();
    const second = await ask();
    expect([second.status, second.headers["retry-after"], JSON.parse(await second.text()).code]).toEqual([
      ...[503, "5", "overloaded"],
    ]);
    first.close();
    await waitUntil(
      () => "no place became free",
      async () => {
        const next = await ask();
        next.close();
        return next.status === 200;
      },
    );
    await small.close();
  });
});

describe("what a follower sees", () => {
  test("what is live, then what comes: ids and times only", async () => {
    const before = await endedSession();
    const feed = await follow();
    expect([feed.status, feed.headers["content-type"], feed.headers["cache-control"]]).toEqual([
      ...[200, "text/event-stream", "no-store"],
    ]);
    const start = (await feed.next("start")).data;
    expect(start).toEqual({ clock: expect.any(Number), snapshot: true, max_staleness: 60_000 });
    const snapshot = await feed.untilView();
    expect(snapshot.entries).toContainEqual({ kind: "session", sid: before, expires: expect.any(Number) });

    const after = await endedSession();
    const entries = await feed.next("entries");
    expect(entries.data).toEqual([{ kind: "session", sid: after, expires: expect.any(Number) }]);
    expect(entries.id).not.toBe(snapshot.id);
    feed.close();
  });

  test("says again and again how complete that is", async () => {
    const feed = await follow();
    const { clock } = (await feed.next("start")).data as { clock: number };
    const [first, second] = [await feed.next("view"), await feed.next("view")].map(
      ({ data }) => (data as { as_of: number }).as_of,
    );
    expect(first).toBeLessThanOrEqual(clock + 1000);
    expect(second).toBeGreaterThan(first ?? Number.NaN);
    feed.close();
  });

  test("every kind of entry, by a client's own access token, until that is revoked", async () => {
    const token = await gateway.browser().fetch("/oauth/token", {
      form: { grant_type: "client_credentials" },
      headers: { authorization: basic(FOLLOWER) },
    });
    const { access_token } = token.json<{ access_token: string }>();
    const feed = await openFeed(gateway.url, { authorization: `Bearer ${access_token}` });
    await feed.untilView();
    const jti = "01900000-0000-7000-8000-000000000000";
    for (const [target, entry] of [
      [{ jti }, { kind: "token", jti }],
      [{ user: ALICE.name }, { kind: "user", sub: expect.stringMatching(/^u_/), before: expect.any(Number) }],
      [{ client: OTHER.id }, { kind: "client", client_id: OTHER.id, before: expect.any(Number) }],
      [{ client: FOLLOWER.id }, { kind: "client", client_id: FOLLOWER.id, before: expect.any(Number) }],
    ]) {
      const answer = await gateway.admin("/revocations", { json: { target } });
      expect(answer.status, await answer.text()).toBe(200);
      expect((await feed.next("entries")).data).toContainEqual({ ...entry, expires: expect.any(Number) });
    }
    expect(await feed.ended()).toBe("ended");
  });

  test("goes on where it stopped, by header or query, and starts over at a place that nobody knows", async () => {
    const feed = await follow();
    const { id } = await feed.untilView();
    feed.close();
    const missed = await endedSession();
    const place = String(id);
    for (const [headers, query] of [
      [{ "last-event-id": place }, ""],
      [{}, `?after=${encodeURIComponent(place)}`],
      [{ "last-event-id": place }, "?after=nonsense"],
    ] as const) {
      const resumed = await follow(headers, query);
      expect((await resumed.next("start")).data).toMatchObject({ snapshot: false });
      expect((await resumed.untilView()).entries.map(({ sid }) => sid)).toEqual([missed]);
      resumed.close();
    }
    const elsewhere = place.replace(/~.*~/, `~${"x".repeat(22)}~`);
    const ahead = place.replace(/\d+$/, "99999");
    for (const unknown of ["nonsense", elsewhere, ahead, `${place}x`, "9".repeat(5000)]) {
      const fresh = await follow({ "last-event-id": unknown });
      expect((await fresh.next("start")).data, unknown.slice(0, 80)).toMatchObject({ snapshot: true });
      expect((await fresh.untilView()).entries.map(({ sid }) => sid)).toContain(missed);
      fresh.close();
    }
  });

  test("nothing of tokens that have all expired", async () => {
    const past = await endedSession();
    await gateway.advance(400_000);
    const recent = await endedSession();
    const feed = await follow();
    const sids = (await feed.untilView()).entries.map(({ sid }) => sid);
    expect(sids).toContain(recent);
    expect(sids).not.toContain(past);
    feed.close();
  });
});
