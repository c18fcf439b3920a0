import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll } from "vitest";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const open: Browser[] = [];

/** Starts Debian's Chromium without a window; it ends with the test file at the latest. */
export async function startChromium(executablePath: string): Promise<Browser> {
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  open.push(browser);
  return browser;
}

/** What a page complained about, blocked scripts and styles included. Refused requests are the page's business, not complaints. */
export function complaintsOf(page: Page): readonly string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    const expected = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !expected) complaints.push(message.text());
  });
  return complaints;
}

/** Presses Tab until the field or button of this name has the focus. Rejects when 20 presses do not get there. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 20; presses++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      return element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : element?.textContent;
    });
    if (focused === name) return;
  }
  throw new Error(`there is no way to "${name}" by Tab`);
}

afterAll(async () => {
  for (const browser of open.splice(0)) await browser.close();
});
