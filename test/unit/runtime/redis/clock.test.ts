import fc from "fast-check";
import { expect, test } from "vitest";
import { RedisClock } from "../../../../src/runtime/redis/clock.ts";

test("before the first reply the server's time is not known", () => {
  const clock = new RedisClock();
  expect(clock.serverTime(5)).toBeNull();
  clock.sample(1_000, 10, 20);
  expect(clock.serverTime(20)).toBe(1_000);
});

test("quicker replies make it more exact, slower ones do not make it less", () => {
  const clock = new RedisClock();
  clock.sample(1_050, 0, 100);
  expect(clock.serverTime(100)).toBe(1_050);
  clock.sample(1_201, 200, 202);
  expect(clock.serverTime(202)).toBe(1_201);
  clock.sample(1_350, 300, 400);
  expect(clock.serverTime(400)).toBe(1_399);
});

test("a server's clock that was set back is followed at the next reply", () => {
  const clock = new RedisClock();
  clock.sample(5_000, 10, 12);
  clock.sample(4_000, 20, 22);
  expect(clock.serverTime(22)).toBe(4_000);
});

test("it is never later than the server's, however slow the replies", () => {
  const reply = fc.record({ wait: fc.nat(500), there: fc.nat(300), back: fc.nat(300) });
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), fc.array(reply, { minLength: 1 }), (ahead, replies) => {
      const clock = new RedisClock();
      let local = 0;
      for (const { wait, there, back } of replies) {
        const sent = local + wait;
        const received = sent + there + back;
        clock.sample(sent + there + ahead, sent, received);
        expect(clock.serverTime(received)).toBeLessThanOrEqual(received + ahead);
        local = received;
      }
    }),
  );
});
