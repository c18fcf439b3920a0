import { errors, request } from "undici";
import { beforeAll, describe, expect, test } from "vitest";
import { startDemoUpstream } from "../support/demo-upstream.ts";
import { basic, openFeed } from "../support/feed-reader.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { serviceClient } from "../support/service-client.ts";
import { waitUntil } from "../support/wait-until.ts";
import { startWorker, type WorkerProcess } from "../support/worker-process.ts";

const FOLLOWER = serviceClient(["postern:revocations"]);
let worker: WorkerProcess;

beforeAll(async () => {
  const upstream = await startDemoUpstream();
  worker = await startWorker(
    {
      ...{ roles: ROLES, clients: FOLLOWER.config },
      upstreams: { orders: { targets: [upstream.url] } },
      routes: [{ path: "/api/*", upstream: "orders" }],
    },
    { workers: ["one", "two"] },
  );
  await worker.addUser(ALICE.name, ALICE.password, ["user"]);
});

async function loggedIn(): Promise<Browser> {
  const browser = new Browser(worker.url);
  expect((await browser.login(ALICE.name, ALICE.password)).status).toBe(200);
  return browser;
}

/** Asks an isolate with a token; resolves with the problem's code, "ok", or "cut" for an answer that was under way when it was revoked. */
async function ask(isolate: "one" | "two", token: string | null): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}`, ...(isolate === "two" ? { host: "two.test" } : {}) };
  try {
    const answer = await request(`${worker.url}/api/orders`, { headers });
    const body = (await answer.body.json()) as { code?: string };
    return answer.statusCode === 200 ? "ok" : body.code;
  } catch (error) {
    if (error instanceof errors.SocketError) return "cut";
    throw error;
  }
}

describe("two isolates over one Durable Object", () => {
  test("a token of one passes at the other, which has never seen its key", async () => {
    const { accessToken } = await loggedIn();
    expect(await Promise.all(Array.from({ length: 8 }, () => ask("two", accessToken)))).toEqual(Array(8).fill("ok"));
  });

  test("a logout at one is in force there at once, and at the other within the bound", async () => {
    const browser = await loggedIn();
    expect(await ask("two", browser.accessToken)).toBe("ok");
    await browser.fetch("/auth/logout", { method: "POST" });
    expect(await ask("one", browser.accessToken)).toBe("token_revoked");
    await waitUntil(
      () => "the other isolate still lets the token pass",
      async () => (await ask("two", browser.accessToken)) === "token_revoked",
      1_500,
    );
  });

  test("whoever asks after longer than the bound is not served from before", async () => {
    const [first, second] = [await loggedIn(), await loggedIn()];
    expect(await ask("two", first.accessToken)).toBe("ok");
    await first.fetch("/auth/logout", { method: "POST" });
    // No view lasts longer than its bound, whoever asks for it or not.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await ask("two", first.accessToken)).toBe("token_revoked");
    expect(await ask("two", second.accessToken)).toBe("ok");
  });

  test("a service that follows one is told of a logout at the other, and goes on at that one", async () => {
    const authorization = basic(FOLLOWER);
    const ended = async (): Promise<string> => {
      const browser = new Browser(worker.url);
      const answer = await browser.login(ALICE.name, ALICE.password);
      await browser.fetch("/auth/logout", { method: "POST" });
      return answer.json<{ session_id: string }>().session_id;
    };
    const feed = await openFeed(worker.url, { authorization, host: "two.test" });
    await feed.untilView();
    const first = await ended();
    const told = await feed.next("entries");
    expect(told.data).toMatchObject([{ kind: "session", sid: first }]);
    feed.close();
    const second = await ended();
    const resumed = await openFeed(worker.url, { authorization, "last-event-id": String(told.id) });
    expect((await resumed.next("start")).data).toMatchObject({ snapshot: false });
    expect((await resumed.untilView()).entries).toMatchObject([{ sid: second }]);
    resumed.close();
  });

  test("an operator's revocation waits until every isolate has said that it knows", async () => {
    const browser = await loggedIn();
    expect(await ask("two", browser.accessToken)).toBe("ok");
    const asking = new AbortController();
    const traffic = (async () => {
      while (!asking.signal.aborted) await ask("two", browser.accessToken);
    })();
    const revoked = await worker.cli(["revoke", "--user", ALICE.name, "--wait", "--json"]);
    asking.abort();
    await traffic;
    expect([revoked.code, revoked.stderr]).toEqual([0, ""]);
    expect(JSON.parse(revoked.stdout)).toMatchObject({ missing: [] });
    expect(JSON.parse(revoked.stdout).reached.length).toBeGreaterThanOrEqual(2);
    expect(await ask("two", browser.accessToken)).toBe("token_revoked");
  });
});
