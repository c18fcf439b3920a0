import { describe, expect, test } from "vitest";
import { Breaker, type BreakerState, type Ending } from "../../../src/stores/breaker.ts";

interface Subject {
  readonly breaker: Breaker;
  readonly changes: readonly BreakerState[];
  pass(milliseconds: number): void;
  /** Makes a call that ends so; false: it was not let through. */
  call(ending: Ending): boolean;
}

function subject(): Subject {
  let now = 0;
  const changes: BreakerState[] = [];
  const breaker = new Breaker({ monotonic: () => now, onChange: (state) => changes.push(state) });
  const call = (ending: Ending): boolean => {
    const leave = breaker.enter();
    leave?.(ending);
    return leave !== null;
  };
  return {
    ...{ breaker, changes, call },
    pass: (milliseconds) => {
      now += milliseconds;
    },
  };
}

function opened(): Subject {
  const made = subject();
  for (let failure = 0; failure < 5; failure++) made.call("failed");
  return made;
}

describe("a breaker", () => {
  test("opens at the fifth failure in a row, not before", () => {
    const { breaker, call } = subject();
    for (let failure = 0; failure < 4; failure++) call("failed");
    call("reached");
    for (let failure = 0; failure < 4; failure++) call("failed");
    expect(breaker.state).toBe("closed");
    call("failed");
    expect(breaker.state).toBe("open");
  });

  test("open, it lets nothing through for a second, then one call", () => {
    const { breaker, call, pass } = opened();
    pass(999);
    expect(call("reached")).toBe(false);
    pass(1);
    const leave = breaker.enter();
    expect(leave).not.toBeNull();
    expect(breaker.state).toBe("half_open");
    expect(Array.from({ length: 100 }, () => call("reached"))).not.toContain(true);
    leave?.("reached");
    expect(breaker.state).toBe("closed");
    expect(call("reached")).toBe(true);
  });

  test("stays open for another second where that call fails", () => {
    const { breaker, call, pass, changes } = opened();
    pass(1_000);
    expect(call("failed")).toBe(true);
    expect(breaker.state).toBe("open");
    pass(999);
    expect(call("reached")).toBe(false);
    pass(1);
    expect(call("reached")).toBe(true);
    expect(changes).toEqual(["open", "half_open", "open", "half_open", "closed"]);
  });

  test("counts from the start again once it has closed", () => {
    const { breaker, call, pass } = opened();
    pass(1_000);
    call("reached");
    for (let failure = 0; failure < 4; failure++) call("failed");
    expect(breaker.state).toBe("closed");
  });

  test("takes no notice of how calls end that were under way when it opened", () => {
    const { breaker, call, pass } = subject();
    const late = Array.from({ length: 3 }, () => breaker.enter());
    for (let failure = 0; failure < 5; failure++) call("failed");
    pass(900);
    late[0]?.("failed");
    late[1]?.("reached");
    expect(breaker.state).toBe("open");
    pass(100);
    const trial = breaker.enter();
    late[2]?.("failed");
    expect(breaker.state).toBe("half_open");
    trial?.("reached");
    expect(breaker.state).toBe("closed");
  });
});
