import { expect, test } from "vitest";
import { basic, openFeed } from "../support/feed-reader.ts";
import { startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { serviceClient } from "../support/service-client.ts";

const FOLLOWER = serviceClient(["postern:revocations"]);

test("a gateway that stops ends its followers properly, and the next one goes on where they were", async () => {
  const config = { clients: FOLLOWER.config };
  const authorization = basic(FOLLOWER);
  const first = await startGateway(config);
  await first.addUser(ALICE.name, ALICE.password);
  const feed = await openFeed(first.url, { authorization });
  await feed.untilView();
  const browser = new Browser(first.url);
  await browser.login(ALICE.name, ALICE.password);
  await browser.logout();
  const { id } = await feed.next("entries");
  const ended = feed.ended();
  await first.stop();
  expect(await ended).toBe("ended");

  // By another process, while nobody follows.
  expect((await first.cli(["revoke", "--user", ALICE.name])).code).toBe(0);
  const second = await startGateway(config, { like: first });
  const resumed = await openFeed(second.url, { authorization, "last-event-id": String(id) });
  expect((await resumed.next("start")).data).toMatchObject({ snapshot: false });
  const { entries } = await resumed.untilView();
  expect(entries.map(({ kind }) => kind)).toContain("user");
  const cut = resumed.ended();
  await second.kill();
  expect(await cut).toBe("cut");
});
