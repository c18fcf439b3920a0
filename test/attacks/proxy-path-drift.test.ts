// The gateway reads a path in one way and the service behind it in another: what was authorised as public is served as private.
// So a path that can be read in two ways is refused, and one that passes reaches the service byte for byte, under the rule of the
// path that the service sees, however eagerly it decodes.
// SECURITY: PX11 (RFC 9110 §7.7, CVE-2026-29087, CVE-2026-39406, CVE-2026-47676).
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { attackedProcess } from "./attacked-process.ts";

const subject = await attackedProcess({
  routes: [
    { path: "/api/*", upstream: "up", access: "required" },
    { path: "/api/status", upstream: "up", access: "public" },
    { path: "/static/*", upstream: "up", access: "public" },
    { path: "/*", upstream: "up", access: "public" },
  ],
});

beforeEach(() => {
  subject.upstream.requests.length = 0;
});

async function send(target: string) {
  const head = [`GET ${target} HTTP/1.1`, "Host: shop", "Connection: close", "", ""];
  const { status } = await rawRequest(subject.gateway.url, head.join("\r\n"));
  return { status, seen: subject.upstream.requests.map(({ url }) => url) };
}

/** The path as the most eager service could read it: decoded until nothing changes, separators merged, dots resolved. */
function asEagerService(target: string): string {
  let path = target.replace(/[?#].*$/s, "");
  for (let before = ""; before !== path; ) {
    before = path;
    path = path.replace(/%([0-9a-f]{2})/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
  }
  const segments: string[] = [];
  for (const part of path.replace(/\0.*$/s, "").split(/[/\\]/)) {
    const segment = part.replace(/;.*$/s, "");
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return `/${segments.join("/")}`.toLowerCase();
}

const SEPARATORS = [
  "/",
  "//",
  "%2f",
  "%2F",
  "\\",
  "%5c",
  "%5C",
  "/./",
  "/%2e/",
  "/;/",
  "/;a=b/",
  "/x/../",
  "/x/%2e%2e/",
  "/x/..;/",
];
const LETTERS = [
  "api",
  "API",
  "Api",
  "%61pi",
  "%41pi",
  "ap%69",
  "api;",
  "api;v=1",
  "api%00",
  "api%20",
  "api.",
  "api%2e",
];
const TARGETS = [
  ...SEPARATORS.flatMap((one) => LETTERS.flatMap((name) => SEPARATORS.map((other) => `${one}${name}${other}orders`))),
  ...["/static", "/static/x", "/x"].flatMap((base) =>
    ["/..", "/%2e%2e", "/.%2e", "/%2E.", "/..;", "/..;x", "\\..", "%2f..", "%5c.."].map(
      (up) => `${base}${up}/api/orders`,
    ),
  ),
  ...[
    "/api",
    "/api/",
    "/api?x",
    "/api;",
    "/api/status/",
    "/api/status/../orders",
    "/api/status%2f..%2forders",
    "/api/status;/../x",
  ],
].filter((target) => target.startsWith("/"));

describe("many spellings", () => {
  const passed: string[] = [];
  let seen: readonly string[] = [];

  beforeAll(async () => {
    const pool = [...TARGETS];
    const worker = async (): Promise<void> => {
      for (let target = pool.pop(); target !== undefined; target = pool.pop()) {
        const head = [`GET ${target} HTTP/1.1`, "Host: shop", "Connection: close", "", ""];
        const { status } = await rawRequest(subject.gateway.url, head.join("\r\n"));
        expect([200, 400, 401], target).toContain(status);
        if (status === 200) passed.push(target);
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    seen = subject.upstream.requests.map(({ url }) => url);
  });

  test("none reaches what needs a token without one", () => {
    expect(TARGETS.length).toBeGreaterThan(1500);
    expect(seen).not.toEqual([]);
    for (const target of seen) {
      const read = asEagerService(target);
      expect(read === "/api/status" || !/^\/api(\/|$)/.test(read), `${target} is read as ${read}`).toBe(true);
    }
  });

  test("what passes is not touched", () => {
    expect(seen.toSorted()).toEqual(passed.toSorted());
  });
});

test.each([
  ...[
    "/a%2Fb",
    "//a",
    "/a//b",
    "/a/./b",
    "/a/../b",
    "/a/%2e%2e/b",
    "/a%5cb",
    "/a\\b",
    "/a%00b",
    "/a%",
    "/a%zz",
    "/a/.",
    "/a/..",
  ],
])("%s is refused", async (target) => {
  expect(await send(target)).toEqual({ status: 400, seen: [] });
});

test.each([
  ...[
    "/%61",
    "/a;x=1",
    "/a/b;c=d/e",
    "/A",
    "/a/",
    "/a%20b",
    "/a%3Fb",
    "/a%23b",
    "/~a",
    "/%7Ea",
    "/a:b@c",
    "/a,b!c$d'e(f)*g+h",
  ],
  ...[
    "/a?a=%2B+b",
    "/a?a&a=",
    "/a?",
    "/a??",
    "/a?x=/../%2f//",
    "/a?%00",
    '/a?"<>',
    "/a?a=b&a=c&&",
    "/caf%C3%A9",
    "/%e2%82%ac",
  ],
])("%s arrives byte for byte", async (target) => {
  expect(await send(target)).toEqual({ status: 200, seen: [target] });
});
