import { expect, test } from "vitest";
import type { SweepLimits } from "../../src/stores/store.ts";
import { CLI, DAY, LIMITS, MINUTE, type Subject } from "./subject.ts";

const SWEEP: SweepLimits = { auditKeep: 30 * DAY, auditMax: 1_000_000, batch: 1_000 };

export function sweepContract(open: () => Promise<Subject>): void {
  const call = { kind: "admin_call", actor: "admin", sub: null, sid: null, address: null } as const;

  test("what is alive stays", async () => {
    const s = await open();
    const session = await s.login(await s.user());
    await s.store.revoke({
      target: { kind: "token", jti: "j" },
      sub: null,
      reason: "revoked",
      note: null,
      dryRun: false,
      origin: CLI,
    });
    const bucket = { key: "account:ada", limit: 1, window: MINUTE, lock: MINUTE, maxLock: MINUTE };
    await s.store.takeAttempts({ buckets: [bucket] });
    expect(await s.store.sweep(SWEEP)).toEqual({ more: false, idle: 0, absolute: 0 });
    expect(await s.store.session(session)).toEqual({ ...session, issuedAt: undefined });
    expect(await s.published()).toEqual(["token j"]);
    expect(await s.store.takeAttempts({ buckets: [bucket] })).toMatchObject({ ok: false });
    expect(await s.audited()).toEqual(["user_created", "login", "revoked"]);
  });

  test.each([
    ["idle", LIMITS],
    ["absolute", { ...LIMITS, absolute: LIMITS.idle }],
  ] as const)("sessions past their %s end go and are told", async (reason, limits) => {
    const s = await open();
    const session = await s.login(await s.user(), { limits });
    s.advance(LIMITS.idle);
    expect(await s.store.sweep(SWEEP)).toEqual({ more: false, idle: 0, absolute: 0, [reason]: 1 });
    expect(await s.refresh(session, 0)).toEqual({ outcome: "ended" });
    const [told] = await s.store.listAudit({ after: null, limit: 1, sub: session.sub });
    expect(told).toMatchObject({ kind: "session_ended", sid: session.sid, detail: { reason } });
  });

  test("a session that was refreshed stays until its own end", async () => {
    const s = await open();
    const session = await s.login(await s.user());
    s.advance(LIMITS.idle - MINUTE);
    expect(await s.refresh(session, 0)).toMatchObject({ outcome: "rotated" });
    s.advance(MINUTE);
    expect(await s.store.sweep(SWEEP)).toEqual({ more: false, idle: 0, absolute: 0 });
    s.advance(LIMITS.idle - 2 * MINUTE);
    expect(await s.store.sweep(SWEEP)).toEqual({ more: false, idle: 0, absolute: 0 });
    expect(await s.store.session(session)).not.toBeNull();
    s.advance(MINUTE);
    expect(await s.store.sweep(SWEEP)).toEqual({ more: false, idle: 1, absolute: 0 });
  });

  test("those that were refreshed hold up no batch", async () => {
    const s = await open();
    const user = await s.user();
    const refreshed = [await s.login(user), await s.login(user), await s.login(user)];
    for (let index = 0; index < 2; index++) await s.login(user);
    s.advance(LIMITS.idle - MINUTE);
    for (const session of refreshed) await s.refresh(session, 0);
    s.advance(MINUTE);
    let idle = 0;
    let more = true;
    for (let sweeps = 0; more; sweeps++) {
      expect(sweeps).toBeLessThan(10);
      const swept = await s.store.sweep({ ...SWEEP, batch: 2 });
      idle += swept.idle;
      more = swept.more;
    }
    expect(idle).toBe(2);
  });

  test("a batch at a time, and says when there is more", async () => {
    const s = await open();
    const user = await s.user();
    for (let index = 0; index < 5; index++) await s.login(user);
    s.advance(LIMITS.idle);
    const batch = { ...SWEEP, batch: 2 };
    expect(await s.store.sweep(batch)).toEqual({ more: true, idle: 2, absolute: 0 });
    expect(await s.store.sweep(batch)).toEqual({ more: true, idle: 2, absolute: 0 });
    expect(await s.store.sweep(batch)).toEqual({ more: false, idle: 1, absolute: 0 });
    expect((await s.audited()).filter((kind) => kind === "session_ended")).toHaveLength(5);
  });

  test("the audit trail is bounded by age", async () => {
    const s = await open();
    await s.store.audit({ event: { ...call, detail: { what: "old" } } });
    s.advance(20 * DAY);
    await s.store.audit({ event: { ...call, detail: { what: "young" } } });
    s.advance(10 * DAY);
    await s.store.sweep(SWEEP);
    const left = await s.store.listAudit({ after: null, limit: 10, sub: null });
    expect(left.map(({ detail }) => detail)).toEqual([{ what: "young" }]);
  });

  test("and by number, and its numbers go on", async () => {
    const s = await open();
    for (let index = 0; index < 6; index++) await s.store.audit({ event: { ...call, detail: { index } } });
    await s.store.sweep({ ...SWEEP, auditMax: 2 });
    const left = await s.store.listAudit({ after: null, limit: 10, sub: null });
    expect(left.map(({ detail }) => detail)).toEqual([{ index: 4 }, { index: 5 }]);
    s.advance(30 * DAY);
    await s.store.sweep(SWEEP);
    expect(await s.audited()).toEqual([]);
    await s.store.audit({ event: { ...call, detail: { index: 6 } } });
    const next = await s.store.listAudit({ after: left[1]?.id ?? null, limit: 10, sub: null });
    expect(next.map(({ detail }) => detail)).toEqual([{ index: 6 }]);
  });
}
