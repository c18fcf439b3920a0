import { describe, expect, test } from "vitest";
import { Balancer, type Candidate } from "../../../src/proxy/balance.ts";
import type { Balance } from "../../../src/proxy/upstream.ts";

interface Named extends Candidate {
  readonly name: string;
}

function setUp(names: string, balance: Balance, { maxConnections = 100, slowStart = 1000 } = {}) {
  const targets = [...names].map(
    (name): Named => ({ name, outstanding: 0, available: true, warmingSince: null, credit: 0 }),
  );
  const clock = { now: 0, asked: 0 };
  const monotonic = () => {
    clock.asked++;
    return clock.now;
  };
  const balancer = new Balancer({ targets, balance, maxConnections, slowStart, monotonic });
  const of = (name: string): Named => {
    const found = targets.find((target) => target.name === name);
    if (found === undefined) throw new Error(`no target ${name}`);
    return found;
  };
  /** The names of the next choices, each of which ends before the next. */
  const choices = (count: number) => Array.from({ length: count }, () => balancer.choose(null)?.name ?? "-").join("");
  return { balancer, clock, of, choices };
}

describe("round-robin", () => {
  test("takes each in turn", () => {
    expect(setUp("abc", "round-robin").choices(7)).toBe("abcabca");
  });

  test("passes over what is full or not available", () => {
    const { of, choices } = setUp("abc", "round-robin", { maxConnections: 2 });
    of("a").available = false;
    of("b").outstanding = 2;
    expect(choices(3)).toBe("ccc");
  });
});

describe("least-outstanding", () => {
  test("takes the one with the least under way", () => {
    const { balancer, of } = setUp("abc", "least-outstanding");
    of("a").outstanding = 3;
    of("b").outstanding = 1;
    of("c").outstanding = 2;
    expect(balancer.choose(null)?.name).toBe("b");
  });

  test("goes round among equals", () => {
    const chosen = setUp("abc", "least-outstanding").choices(6);
    expect([...chosen].sort().join("")).toBe("aabbcc");
  });
});

describe.each<Balance>(["least-outstanding", "round-robin"])("%s", (balance) => {
  test("where all that may be asked are full, none", () => {
    const { balancer, of } = setUp("abc", balance, { maxConnections: 1 });
    of("a").outstanding = 1;
    of("b").outstanding = 1;
    of("c").available = false;
    expect(balancer.choose(null)).toBe(null);
  });

  test("where none is available, every one is asked", () => {
    const { of, choices } = setUp("ab", balance);
    of("a").available = false;
    of("b").available = false;
    expect([...choices(4)].sort().join("")).toBe("aabb");
  });

  test("what has failed a request is not asked for it again while another one is there", () => {
    const { balancer, of } = setUp("ab", balance);
    of("b").outstanding = 50;
    for (let time = 0; time < 3; time++) expect(balancer.choose(of("a"))?.name).toBe("b");
    of("b").available = false;
    expect(balancer.choose(of("a"))?.name).toBe("a");
    of("a").available = false;
    expect(balancer.choose(of("a"))?.name).toBe("b");
  });

  test("one target is taken without looking at anything but its limit", () => {
    const { balancer, clock, of } = setUp("a", balance, { maxConnections: 1 });
    of("a").available = false;
    of("a").warmingSince = 0;
    expect(balancer.choose(of("a"))?.name).toBe("a");
    of("a").outstanding = 1;
    expect(balancer.choose(null)).toBe(null);
    expect(clock.asked).toBe(0);
  });

  test("one that has come back takes a growing share of its turns, and then all", () => {
    const { clock, of, choices } = setUp("ab", balance);
    const shareOfB = () => [...choices(200)].filter((name) => name === "b").length;
    of("b").warmingSince = 0;
    const first = shareOfB();
    clock.now = 500;
    const half = shareOfB();
    clock.now = 1000;
    const all = shareOfB();
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(30);
    expect(half).toBeGreaterThan(2 * first);
    expect(half).toBeLessThan(90);
    expect(all).toBeGreaterThanOrEqual(99);
    expect(of("b").warmingSince).toBe(null);
  });

  test("one that has come back takes all turns where the others are full", () => {
    const { of, choices } = setUp("ab", balance, { maxConnections: 1 });
    of("a").outstanding = 1;
    of("b").warmingSince = 0;
    expect(choices(5)).toBe("bbbbb");
  });

  test("no clock is asked while all are well", () => {
    const { clock, choices } = setUp("abc", balance);
    choices(10);
    expect(clock.asked).toBe(0);
  });
});
