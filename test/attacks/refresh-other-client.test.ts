// A thief copied the cookie a moment ago and shows it from another kind of client while the owner's renewal is still in its
// grace. It is refused. But the user agent is the caller's to choose: a stranger with an old token must not be able to end the
// session by writing another name on it, nor an owner lose it to an update of the browser.
// docs/sessions.md, rule 4.
import { expect, test } from "vitest";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { cookieOf, told } from "./shown-token.ts";

const subject = await attackedGateway();
const CHROME =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const NEWER_CHROME = CHROME.replace("140", "141");
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

async function justRenewed() {
  const { browser, sid } = await loggedIn(subject, { "user-agent": CHROME });
  const old = browser.copy();
  await subject.advance(subject.grace);
  expect((await browser.refresh()).status).toBe(200);
  return { browser, old, sid };
}

test("the previous token from another kind of client is refused, on record, and the session goes on", async () => {
  const { browser, old, sid } = await justRenewed();
  expect(told(await old.copy({ "user-agent": FIREFOX }).refresh())).toEqual([401, "refresh_invalid"]);
  expect(told(await old.copy({ "user-agent": "curl/8.0" }).refresh())).toEqual([401, "refresh_invalid"]);
  expect((await browser.api("/api/orders")).status).toBe(200);
  expect((await browser.refresh()).status).toBe(200);
  expect(await subject.audited(sid)).toEqual(["login", "refresh_other_client"]);
});

test("a new version of the same browser gets the same successor", async () => {
  const { browser, old } = await justRenewed();
  const updated = old.copy({ "user-agent": NEWER_CHROME });
  expect((await updated.refresh()).status).toBe(200);
  expect(cookieOf(updated)).toBe(cookieOf(browser));
});
