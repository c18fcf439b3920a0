import { describe, expect, test } from "vitest";
import type { Observation } from "../../../../src/observe/observation.ts";
import type { Upstream } from "../../../../src/proxy/upstream.ts";
import { Targets } from "../../../../src/runtime/workers/targets.ts";

function targets(names: readonly string[], more: Partial<Upstream> = {}) {
  const clock = { now: 0 };
  const told: Observation[] = [];
  const upstream: Upstream = {
    ...{
      name: "up",
      targets: names.map((name) => `http://${name}`),
      balance: "round-robin",
      host: "target",
      tls: null,
    },
    ...{ connectTimeout: 1, responseTimeout: 1, idleTimeout: 1, totalTimeout: null, maxConnections: 1, maxPending: 0 },
    ...{ ejection: { failures: 2, time: 100, maxTime: 1000 }, health: null, slowStart: 0, ...more },
  };
  const made = new Targets({ upstream, observe: (event) => void told.push(event), monotonic: () => clock.now });
  const take = (except: ReturnType<typeof made.take> | null = null): string => {
    const target = made.take(except);
    made.release(target);
    return target.origin.slice("http://".length);
  };
  return { made, clock, told, take, times: (count: number) => Array.from({ length: count }, () => take()).join("") };
}

describe("the targets of an isolate", () => {
  test("take turns, or what the fewest requests are under way to, without a bound of connections", () => {
    expect(targets(["a", "b", "c"]).times(5)).toBe("abcab");
    const { made, take } = targets(["a", "b"], { balance: "least-outstanding" });
    const [first, second, third] = [made.take(null), made.take(null), made.take(null)];
    expect([first.origin, second.origin, third.origin]).toEqual(["http://a", "http://b", "http://a"]);
    made.release(first);
    made.release(third);
    expect([take(), take()]).toEqual(["a", "a"]);
  });

  test("are left out at once where they cannot be reached, for as long as is configured", () => {
    const { made, clock, told, times } = targets(["a", "b"]);
    made.failed(made.take(null), "connect");
    expect(times(3)).toBe("bbb");
    clock.now = 100;
    expect(times(4)).toBe("abab");
    expect(told).toMatchObject([
      { kind: "upstream_failure", failure: "connect" },
      { kind: "upstream_target", target: "http://a", state: "ejected", ms: 100 },
      { kind: "upstream_target", target: "http://a", state: "up" },
    ]);
  });

  test("are left out after some failures in a row, and never more than half of them for that", () => {
    const { made, times } = targets(["a", "b"]);
    for (let round = 0; round < 4; round++) made.failed(made.take(null), "closed");
    expect(["aaa", "bbb"]).toContain(times(3));
  });

  test("are all asked where none is left, and the other one first by who has just failed", () => {
    const { made, times, take } = targets(["a", "b"]);
    const first = made.take(null);
    made.failed(first, "connect");
    made.failed(made.take(null), "connect");
    expect(times(4)).toMatch(/^(?:abab|baba)$/);
    expect(take(first)).toBe("b");
  });

  test("come back with a part of their turns", () => {
    const { made, clock, times } = targets(["a", "b"], { slowStart: 1_000 });
    made.failed(made.take(null), "connect");
    clock.now = 100;
    expect(times(10)).toBe("bbbbbbbbbb");
    expect(times(2)).toContain("a");
  });
});
