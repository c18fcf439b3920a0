// Somebody with the password logs in again and again to fill the store, or a script forgets to log out. A user has so many
// sessions at most: one more login ends the one that was idle longest, with its access token.
// docs/sessions.md, rule 9.
import { expect, test } from "vitest";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { told } from "./shown-token.ts";

const subject = await attackedGateway({ sessions: { maxPerUser: 3 } });

test("one login more than a user may have ends the longest idle session", async () => {
  const browsers = [];
  for (let device = 0; device < 3; device++) {
    browsers.push((await loggedIn(subject)).browser);
    await subject.advance(1000);
  }
  const [oldest, second, third] = browsers;
  // The oldest login is not the longest idle one any more.
  expect((await oldest?.refresh())?.status).toBe(200);
  await subject.advance(1000);
  const newest = (await loggedIn(subject)).browser;

  if (second === undefined) throw new Error("there are three browsers");
  expect(told(await second.api("/api/orders"))).toEqual([401, "token_revoked"]);
  expect(told(await second.refresh())).toEqual([401, "session_ended"]);
  for (const browser of [oldest, third, newest]) expect((await browser?.refresh())?.status).toBe(200);
  expect(await subject.store.sessions({ sub: subject.alice })).toHaveLength(3);
});
