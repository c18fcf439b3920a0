import { expect, test } from "vitest";
import { safeReturnTo } from "../../../src/http/return-to.ts";

const ORIGIN = "https://app.example.com";
const LISTED = ["https://spa.example.com/welcome"];

test.each(["/", "/orders?page=2#top", "/a/b;c=1", "/%2e", "/orders?next=https://evil.com/", LISTED[0] as string])(
  "%s stays",
  (path) => {
    expect(safeReturnTo(path, ORIGIN, LISTED)).toBe(path);
  },
);

test.each([
  "",
  "orders",
  "//evil.com",
  "///evil.com",
  "/\\evil.com",
  "\\\\evil.com",
  "/\t/evil.com",
  "/\n/evil.com",
  " //evil.com",
  "/ /evil.com",
  "https://evil.com",
  "https:evil.com",
  "https://app.example.com.evil.com/",
  "https://app.example.com@evil.com/",
  "https://spa.example.com/welcome/../x",
  "https://spa.example.com/welcome?x",
  "javascript:alert(1)",
  "data:text/html,x",
  "/..//evil.com",
  "/.//evil.com",
  "/%0d%0aLocation:evil\r\n",
  "/é",
  "/\u0000",
  "/\u2028",
  "?//evil.com",
  "#",
])("%j is refused", (path) => {
  expect(safeReturnTo(path, ORIGIN, LISTED)).toBeNull();
});
