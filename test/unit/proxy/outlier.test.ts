import { describe, expect, test } from "vitest";
import { UPSTREAM_FAILURES } from "../../../src/observe/upstreams.ts";
import { Outlier } from "../../../src/proxy/outlier.ts";
import { ProbedHealth } from "../../../src/proxy/probed-health.ts";
import { isGatewayStatus, weightOf } from "../../../src/proxy/upstream-failure.ts";

const RULES = { failures: 3, time: 100, maxTime: 1000 };

describe("passive health", () => {
  test("failures must come in a row", () => {
    const outlier = new Outlier(RULES);
    const fails = () => outlier.failed();
    expect([fails(), fails()]).toEqual([false, false]);
    outlier.succeeded();
    expect([fails(), fails(), fails()]).toEqual([false, false, true]);
  });

  test("each ejection is twice as long as the one before, up to the bound", () => {
    const outlier = new Outlier(RULES);
    let now = 0;
    const lengths = Array.from({ length: 6 }, () => {
      const length = outlier.eject(now);
      now += length + 1;
      return length;
    });
    expect(lengths).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  test("after as long a time as the bound it begins anew", () => {
    const outlier = new Outlier(RULES);
    outlier.eject(0);
    expect(outlier.eject(100 + 999)).toBe(200);
    expect(outlier.eject(100 + 999 + 200 + 1000)).toBe(100);
  });

  test("one that is back is out again by one failure, until it has succeeded", () => {
    const outlier = new Outlier(RULES);
    outlier.eject(0);
    expect(outlier.failed()).toBe(true);
    outlier.eject(200);
    outlier.succeeded();
    expect(outlier.failed()).toBe(false);
  });

  test("what ejects at once, what counts and what does not", () => {
    const by = (weight: string) => UPSTREAM_FAILURES.filter((failure) => weightOf(failure) === weight);
    expect(by("unreachable")).toEqual(["connect", "connect_timeout"]);
    expect(by("none")).toEqual(["idle_timeout", "total_timeout"]);
    expect([500, 501, 502, 503, 504, 505].filter(isGatewayStatus)).toEqual([502, 503, 504]);
  });
});

describe("active health", () => {
  const health = () => new ProbedHealth({ healthy: 2, unhealthy: 3 });

  test("is good until answers in a row say otherwise", () => {
    const probed = health();
    expect([false, false, true, false, false].map((well) => probed.answered(well))).not.toContain(true);
    expect(probed.healthy).toBe(true);
    expect(probed.answered(false)).toBe(true);
    expect(probed.healthy).toBe(false);
  });

  test("comes back by answers in a row", () => {
    const probed = health();
    for (let time = 0; time < 3; time++) probed.answered(false);
    expect([true, false, true].map((well) => probed.answered(well))).toEqual([false, false, false]);
    expect(probed.answered(true)).toBe(true);
    expect(probed.healthy).toBe(true);
  });
});
