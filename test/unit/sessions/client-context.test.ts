import { expect, test } from "vitest";
import { clientContext } from "../../../src/sessions/client-context.ts";

const chrome = (version: string, platform: string) =>
  `Mozilla/5.0 (${platform}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version} Safari/537.36`;
const WINDOWS = "Windows NT 10.0; Win64; x64";

test.each([
  [chrome("140.0.0.0", WINDOWS), "Blink/Windows"],
  [chrome("140.0.0.0", "Linux; Android 14; Pixel 8"), "Blink/Android"],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Gecko/Linux"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15", "WebKit/macOS"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari/604.1", "WebKit/iOS"],
  ["curl/8.5.0", "curl/-"],
  ["", "-/-"],
])("%s", (userAgent, context) => {
  expect(clientContext(userAgent)).toBe(context);
});

test("an update of the browser is the same client, another platform is not", () => {
  expect(clientContext(chrome("141.0.1.2", WINDOWS))).toBe(clientContext(chrome("140.0.0.0", WINDOWS)));
  expect(clientContext(chrome("140.0.0.0", "X11; Linux x86_64"))).not.toBe(clientContext(chrome("140.0.0.0", WINDOWS)));
});

test("what a caller writes never becomes a long or odd context", () => {
  expect(clientContext("x".repeat(10_000)).length).toBeLessThan(50);
  expect(clientContext("\u0000\n{}")).toBe("-/-");
});
