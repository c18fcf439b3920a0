import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config/parse-config.ts";

/** A route with these options, and others that are good. */
const read = (options: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}) =>
  parseConfig({
    issuer: "https://app.example.com",
    upstreams: { up: { targets: ["http://up:8080"] } },
    routes: [{ path: "/api/orders/*", upstream: "up", ...options }],
    ...more,
  });

/** What is wrong with it, as `path: message`, the paths from the route on. */
const problems = (options: Readonly<Record<string, unknown>>): readonly string[] => {
  const result = read(options);
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path.replace("routes[0].", "")}: ${message}`);
};

describe("limits", () => {
  test.each([
    ["100/1m", undefined, { requests: 100, window: 60_000, burst: 100 }],
    ["1/1d", 7, { requests: 1, window: 86_400_000, burst: 7 }],
    ["5000000/1.5h", 1, { requests: 5_000_000, window: 5_400_000, burst: 1 }],
  ])("%s with a burst of %s", (rate, burst, expected) => {
    const limits = [{ by: "user", rate, ...(burst === undefined ? {} : { burst }) }];
    const result = read({ limits }, { limits });
    expect(result.ok && [result.config.routes[0]?.limits, result.config.limits]).toEqual([
      [{ by: "user", ...expected }],
      [{ by: "user", ...expected }],
    ]);
  });

  test.each(["100", "0/1m", "1/0s", "1/500ms", "1/2d", "-1/1m", "1e3/1m", "1/m", " 1/1m", "99999999/1m", ""])(
    "%j is no rate",
    (rate) => {
      expect(problems({ limits: [{ by: "user", rate }] })).toEqual([
        `limits[0].rate: expected a rate such as "100/1m" or "10/1s", got ${JSON.stringify(rate)}`,
      ]);
    },
  );

  test("all that is wrong is said at once", () => {
    const limits = [
      { by: "adress", rate: "1/1m" },
      { by: "address", rate: 5, burst: 0, per: "1m" },
    ];
    expect(problems({ limits })).toEqual([
      'limits[0].by: expected one of "address", "user", "client", got "adress"; did you mean "address"?',
      'limits[1].rate: expected a rate such as "100/1m" or "10/1s", got 5',
      "limits[1].burst: must be at least 1",
      "limits[1].per: is not an option; there are by, rate, burst",
    ]);
  });

  test("a public route knows nobody but addresses", () => {
    const limits = ["user", "address", "client"].map((by) => ({ by, rate: "1/1m" }));
    expect(problems({ access: "public", limits })).toEqual([
      'limits[0].by: a public route knows no user: limit by "address"',
      'limits[2].by: a public route knows no client: limit by "address"',
    ]);
    expect(problems({ access: "optional", limits })).toEqual([]);
  });
});
