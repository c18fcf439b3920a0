import type { Browser, BrowserContext, Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { requireProgram } from "../support/requirements.ts";
import { complaintsOf, startChromium, tabTo } from "./chromium.ts";
import { PASSWORD, startShop } from "./shop.ts";

const chromium = requireProgram("chromium");

const heading = (page: Page, name: string) => page.getByRole("heading", { name, exact: true });
const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
const answer = (page: Page, name = "demo") => page.getByLabel("The service’s answer").getByText(`"name": "${name}"`);
const notice = (page: Page) => page.getByRole("alert");
const devices = (page: Page) => page.getByRole("listitem");
const renewed = (page: Page) =>
  page.waitForResponse((response) => response.url().endsWith("/auth/refresh") && response.status() === 200);

async function openPage(context: BrowserContext, gateway: GatewayProcess): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${gateway.url}/`);
  return page;
}

async function logIn(page: Page, name = "demo"): Promise<void> {
  await page.getByLabel("Username").fill(name);
  await page.getByLabel("Password").fill(PASSWORD);
  await press(page, "Log in");
  await heading(page, "You are logged in").waitFor();
}

describe.skipIf(chromium === null)("the quickstart's page in Chromium", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await startChromium(chromium ?? "");
  });

  describe("with access tokens of 5 minutes", () => {
    let shop: GatewayProcess;

    beforeAll(async () => {
      shop = await startShop("5m");
    });

    test("a person with a keyboard alone logs in, calls the service, outlives a reload and logs out", async () => {
      const context = await browser.newContext();
      const page = await openPage(context, shop);
      const complaints = complaintsOf(page);
      await heading(page, "Log in").waitFor();

      await tabTo(page, "Username");
      await page.keyboard.type("demo");
      await tabTo(page, "Password");
      await page.keyboard.type(PASSWORD);
      await page.keyboard.press("Enter");
      await heading(page, "You are logged in").waitFor();
      await tabTo(page, "Get my orders");
      await page.keyboard.press("Enter");
      await answer(page).waitFor();

      await page.reload();
      await heading(page, "You are logged in").waitFor();
      await tabTo(page, "Get my orders");
      await page.keyboard.press("Enter");
      await answer(page).waitFor();
      await tabTo(page, "Log out");
      await page.keyboard.press("Enter");
      await heading(page, "Log in").waitFor();
      expect(await page.getByLabel("Password").inputValue()).toBe("");
      expect(await page.locator("output").textContent()).toBe("");
      await page.reload();
      await heading(page, "Log in").waitFor();
      expect(complaints).toEqual([]);
      await context.close();
    });

    test("a wrong password is said in words, and the form is still there", async () => {
      const context = await browser.newContext();
      const page = await openPage(context, shop);
      await page.getByLabel("Username").fill("demo");
      await page.getByLabel("Password").fill("not the password at all");
      await press(page, "Log in");
      await notice(page).getByText("do not match. (401 invalid_credentials)").waitFor();
      await logIn(page);
      expect(await notice(page).textContent()).toBe("");
      await context.close();
    });

    test("a device revoked from another one is refused at its next call", async () => {
      await shop.addUser("ana", PASSWORD, ["user"]);
      const [laptop, phone] = await Promise.all([browser.newContext(), browser.newContext()]);
      const [here, there] = await Promise.all([openPage(laptop, shop), openPage(phone, shop)]);
      await logIn(there, "ana");
      await press(there, "Get my orders");
      await answer(there, "ana").waitFor();
      await logIn(here, "ana");
      await devices(here).nth(1).waitFor();
      expect(await devices(here).count()).toBe(2);

      await devices(here).filter({ hasNotText: "this one" }).getByRole("button", { name: "Revoke" }).click();
      await devices(here).filter({ hasNotText: "this one" }).waitFor({ state: "detached" });
      await press(there, "Get my orders");

      await notice(there)
        .getByText("Refused: this device has been revoked. Log in again. (401 token_revoked)")
        .waitFor();
      await heading(there, "Log in").waitFor();
      await press(here, "Get my orders");
      await answer(here, "ana").waitFor();
      await Promise.all([laptop.close(), phone.close()]);
    });

    test("a store that cannot be reached logs nobody out", async () => {
      const context = await browser.newContext();
      const page = await openPage(context, shop);
      await logIn(page);
      const down = {
        status: 503,
        contentType: "application/problem+json",
        body: '{"code":"store_unavailable","status":503}',
      };
      await page.route("**/auth/refresh", (route) => route.fulfill(down));
      const refused = page.waitForResponse((response) => response.status() === 503);
      await page.reload();
      await refused;
      await page.getByText("Looking for your session").waitFor();
      await page.unroute("**/auth/refresh");
      await heading(page, "You are logged in").waitFor();
      await context.close();
    });

    test("the page fits a phone, and is served with the headers that keep other sites out", async () => {
      const context = await browser.newContext({ viewport: { width: 320, height: 640 } });
      const page = await openPage(context, shop);
      await logIn(page);
      await press(page, "Get my orders");
      await answer(page).waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);

      const headers = (await page.reload())?.headers() ?? {};
      expect(headers["content-security-policy"]).toMatch(/default-src 'none'.*base-uri 'none'; frame-ancestors 'none'/);
      expect(headers["content-security-policy"]).not.toContain("unsafe");
      expect(headers["x-content-type-options"]).toBe("nosniff");
      await context.close();
    });
  });

  describe("with access tokens of 3 seconds", () => {
    let shop: GatewayProcess;

    beforeAll(async () => {
      shop = await startShop("3s");
    });

    test("two tabs renew one session in silence, over and over", async () => {
      const context = await browser.newContext();
      const first = await openPage(context, shop);
      await logIn(first);
      const second = await openPage(context, shop);
      await heading(second, "You are logged in").waitFor();

      for (let round = 0; round < 3; round++) await Promise.all([renewed(first), renewed(second)]);

      for (const page of [first, second]) {
        await press(page, "Get my orders");
        await answer(page).waitFor();
        expect(await notice(page).textContent()).toBe("");
      }
      await press(first, "Refresh the list");
      await devices(first).first().waitFor();
      expect(await devices(first).count()).toBe(1);
      await context.close();
    });
  });
});
