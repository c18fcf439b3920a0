import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rewriteTarget } from "../../../src/proxy/rewrite.ts";
import { createRouter } from "../../../src/routing/router.ts";
import { RESERVED, route } from "../routing/routes.ts";

describe("rewriteTarget", () => {
  test.each([
    ["/api", "", "/api/orders?x=/api", "/orders?x=/api"],
    ["/api", "", "/api", "/"],
    ["/api", "", "/api/", "/"],
    ["/api", "", "/api?x=1", "/?x=1"],
    ["/api", "/v2", "/api", "/v2"],
    ["/api", "/v2", "/api?x=1", "/v2?x=1"],
    ["/api", "/v2", "/api/a/%41?b", "/v2/a/%41?b"],
    ["", "/v2", "/api/a", "/v2/api/a"],
    ["", "/v2", "/", "/v2/"],
  ])("strips %j and adds %j: %s becomes %s", (strip, add, target, expected) => {
    expect(rewriteTarget({ strip, add }, target)).toBe(expected);
  });

  test("what a route has authorised never becomes another host's, nor leaves what is added", () => {
    const router = createRouter([route("/api/v1/*"), route("/*")], RESERVED);
    const piece = fc.constantFrom(
      "/",
      "//",
      ".",
      "..",
      "%2e",
      "%2F",
      "\\",
      ";",
      "?",
      "a",
      "API",
      "api",
      "v1",
      "@b",
      ":1",
    );
    const target = fc.tuple(fc.constantFrom("/api/v1", "/api", "/"), fc.array(piece, { maxLength: 8 }));
    const rewrite = { strip: fc.constantFrom("", "/api", "/api/v1"), add: fc.constantFrom("", "/v2", "/x/y") };
    let rewritten = 0;
    fc.assert(
      fc.property(target, fc.record(rewrite), ([beginning, rest], { strip, add }) => {
        const asked = beginning + rest.join("");
        const match = router.match("GET", "app.example.com", asked);
        if (match.kind !== "route" || match.route.path !== "/api/v1/*") return;
        rewritten++;
        const sent = rewriteTarget({ strip, add }, asked);
        const path = sent.split("?")[0] ?? "";
        expect(path).toMatch(/^\/(?![/\\])/);
        expect(path).not.toMatch(/\/\.{0,2}\//);
        expect(`${path}/`.startsWith(`${add}/`)).toBe(true);
        // Byte for byte: but for the one slash that an empty path gets.
        const kept = asked.slice(strip.length);
        expect(sent).toBe(add === "" && !kept.startsWith("/") ? `/${kept}` : add + kept);
      }),
      { numRuns: 5000 },
    );
    expect(rewritten).toBeGreaterThan(300);
  });
});
