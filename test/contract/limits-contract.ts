import { expect, test } from "vitest";
import type { AttemptBucket, AttemptResult } from "../../src/stores/store.ts";
import { MINUTE, SECOND, type Subject } from "./subject.ts";

const ACCOUNT: AttemptBucket = {
  key: "account:ada",
  limit: 3,
  window: 15 * MINUTE,
  lock: 30 * SECOND,
  maxLock: 2 * MINUTE,
};
const ADDRESS: AttemptBucket = { ...ACCOUNT, key: "address:192.0.2.1", limit: 5 };

export function limitsContract(open: () => Promise<Subject>): void {
  const take = (s: Subject, ...buckets: AttemptBucket[]): Promise<AttemptResult> => s.store.takeAttempts({ buckets });
  const takes = async (s: Subject, count: number, ...buckets: AttemptBucket[]): Promise<void> => {
    for (let index = 0; index < count; index++) expect(await take(s, ...buckets)).toEqual({ ok: true });
  };
  /** The wait that a full bucket answers with. */
  const wait = async (s: Subject, bucket: AttemptBucket): Promise<number> => {
    const result = await take(s, bucket);
    return result.ok ? 0 : result.retryAfter;
  };

  test("so many attempts pass, parallel ones too, and the next is told how long to wait", async () => {
    const s = await open();
    const results = await Promise.all(Array.from({ length: 20 }, () => take(s, ACCOUNT)));
    expect(results.filter(({ ok }) => ok)).toHaveLength(3);
    const refused = results.find(({ ok }) => !ok);
    expect(refused).toMatchObject({ ok: false, key: ACCOUNT.key });
    expect(refused?.ok === false && refused.retryAfter).toBeGreaterThan(0);
    expect(refused?.ok === false && refused.retryAfter).toBeLessThanOrEqual(ACCOUNT.lock);
  });

  test("an attempt given back does not count, whenever it comes", async () => {
    const s = await open();
    for (let index = 0; index < 10; index++) {
      await takes(s, 1, ACCOUNT);
      await s.store.returnAttempts({ buckets: [ACCOUNT] });
    }
    await takes(s, 3, ACCOUNT);
    await s.store.returnAttempts({ buckets: [ACCOUNT] });
    await takes(s, 1, ACCOUNT);
    expect(await wait(s, ACCOUNT)).toBeGreaterThan(0);
  });

  test("each further miss doubles the wait, up to its longest", async () => {
    const s = await open();
    await takes(s, 3, ACCOUNT);
    for (const lock of [30 * SECOND, 60 * SECOND, 2 * MINUTE, 2 * MINUTE]) {
      s.advance(lock - SECOND);
      expect(await wait(s, ACCOUNT)).toBeGreaterThan(0);
      s.advance(SECOND);
      await takes(s, 1, ACCOUNT);
    }
  });

  test("a window in peace, after the lock too, and all is forgotten", async () => {
    const s = await open();
    await takes(s, 2, ACCOUNT);
    s.advance(15 * MINUTE);
    await takes(s, 3, ACCOUNT);
    expect(await wait(s, ACCOUNT)).toBeGreaterThan(0);
    s.advance(30 * SECOND + 15 * MINUTE);
    await takes(s, 3, ACCOUNT);
  });

  test("an attempt is taken from all buckets or from none", async () => {
    const s = await open();
    await takes(s, 3, ACCOUNT, ADDRESS);
    expect(await take(s, ACCOUNT, ADDRESS)).toMatchObject({ ok: false, key: ACCOUNT.key });
    await takes(s, 2, ADDRESS);
    expect(await take(s, ADDRESS)).toMatchObject({ ok: false, key: ADDRESS.key });
  });

  test("giving back what was never taken is nothing", async () => {
    const s = await open();
    await s.store.returnAttempts({ buckets: [ACCOUNT] });
    await takes(s, 3, ACCOUNT);
    expect(await wait(s, ACCOUNT)).toBeGreaterThan(0);
  });
}
