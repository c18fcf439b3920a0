import { expect, test } from "vitest";
import type { AuditEvent } from "../../src/stores/records.ts";
import { MINUTE, type Subject } from "./subject.ts";

const CALL: AuditEvent = {
  kind: "admin_call",
  actor: "admin",
  sub: null,
  sid: null,
  address: "192.0.2.1",
  detail: { what: "users.list", status: 200, ok: true },
};
const FAILED: AuditEvent = { ...CALL, kind: "login_failed", actor: "postern", sub: "u_1", detail: {} };

export function auditContract(open: () => Promise<Subject>): void {
  const write = async (s: Subject, ...events: AuditEvent[]): Promise<void> => {
    for (const event of events) await s.store.audit({ event });
  };

  test("a record comes out as it went in, with a number and a time", async () => {
    const s = await open();
    const before = await s.now();
    await write(s, CALL);
    const [told] = await s.store.listAudit({ after: null, limit: 10, sub: null });
    expect(told).toEqual({ ...CALL, id: expect.any(String), at: expect.any(Number), count: 1 });
    expect(told?.at).toBeGreaterThanOrEqual(before);
  });

  test("the newest are listed oldest first, and followed from any of them", async () => {
    const s = await open();
    for (const what of ["a", "b", "c", "d"]) await write(s, { ...CALL, detail: { what } });
    const newest = await s.store.listAudit({ after: null, limit: 2, sub: null });
    expect(newest.map(({ detail }) => detail)).toEqual([{ what: "c" }, { what: "d" }]);
    await write(s, { ...CALL, detail: { what: "e" } }, { ...CALL, detail: { what: "f" } });
    const after = newest[0]?.id ?? null;
    const next = await s.store.listAudit({ after, limit: 2, sub: null });
    expect(next.map(({ detail }) => detail)).toEqual([{ what: "d" }, { what: "e" }]);
    expect(await s.store.listAudit({ after: "none of ours", limit: 1, sub: null })).toHaveLength(1);
  });

  test("one user's records are listed alone", async () => {
    const s = await open();
    await write(
      s,
      { ...CALL, sub: "u_1" },
      CALL,
      { ...CALL, sub: "u_2" },
      { ...CALL, sub: "u_1", detail: { what: "x" } },
    );
    const all = await s.store.listAudit({ after: null, limit: 10, sub: "u_1" });
    expect(all.map(({ sub }) => sub)).toEqual(["u_1", "u_1"]);
    const next = await s.store.listAudit({ after: all[0]?.id ?? null, limit: 10, sub: "u_1" });
    expect(next.map(({ detail }) => detail)).toEqual([{ what: "x" }]);
  });

  test("failed logins are one record an account and minute", async () => {
    const s = await open();
    // From the start of a minute, so that the test does not cross into the next.
    s.advance(MINUTE - ((await s.now()) % MINUTE));
    await write(s, FAILED, FAILED, { ...FAILED, kind: "login_limited" }, { ...FAILED, sub: "u_2" }, FAILED);
    s.advance(MINUTE);
    await write(s, FAILED);
    const told = await s.store.listAudit({ after: null, limit: 10, sub: null });
    expect(told.map(({ kind, sub, count }) => `${kind} ${sub} ${count}`)).toEqual([
      "login_failed u_1 3",
      "login_limited u_1 1",
      "login_failed u_2 1",
      "login_failed u_1 1",
    ]);
  });
}
