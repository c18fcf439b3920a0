import { expect, test } from "vitest";
import type { RefreshResult } from "../../src/sessions/refresh.ts";
import { MAX_ROLL_FORWARD } from "../../src/sessions/rotation.ts";
import { CLI, LIMITS, MINUTE, SECOND, type Subject } from "./subject.ts";

const { grace } = LIMITS;

/** The generation that a result answers with, or null when it is a refusal. */
const generationOf = (result: RefreshResult): number | null => ("session" in result ? result.session.generation : null);

export function refreshContract(open: () => Promise<Subject>): void {
  test("the current token within grace of its birth is kept, and rotated after it", async () => {
    const s = await open();
    const session = await s.login(await s.user());
    const kept = await s.refresh(session, 0);
    expect(kept).toMatchObject({ outcome: "kept", session: { generation: 0, shown: true } });
    s.advance(grace);
    const rotated = await s.refresh(session, 0, { secretId: "secret-2" });
    expect(rotated).toMatchObject({
      outcome: "rotated",
      session: { generation: 1, shown: false, secretId: "secret-2" },
    });
    expect(await s.store.session(session)).toEqual("session" in rotated && rotated.session);
    expect(await s.published()).toEqual([]);
    // Ordinary refreshes are metrics, not records.
    expect(await s.audited()).toEqual(["user_created", "login"]);
  });

  test("a refresh moves the idle end and tells the device's address", async () => {
    const s = await open();
    const session = await s.login(await s.user());
    s.advance(MINUTE);
    const now = await s.now();
    await s.refresh(session, 0, { address: "198.51.100.7", userAgent: "Firefox 3" });
    const after = await s.store.session(session);
    expect(after).toMatchObject({ address: "198.51.100.7", userAgent: "Firefox 3" });
    expect(after?.lastUsedAt).toBeGreaterThanOrEqual(now);
    expect(after?.idleEndsAt).toBe((after?.lastUsedAt ?? 0) + LIMITS.idle);
    expect(after?.absoluteEndsAt).toBe(session.absoluteEndsAt);
  });

  test("racing refreshes with one token all receive one successor", async () => {
    const s = await open();
    const session = await s.login(await s.user());
    s.advance(grace);
    const results = await Promise.all(Array.from({ length: 50 }, () => s.refresh(session, 0)));
    expect(new Set(results.map(generationOf))).toEqual(new Set([1]));
    expect(results.filter(({ outcome }) => outcome === "rotated")).toHaveLength(1);
    expect(results.filter(({ outcome }) => outcome === "replayed")).toHaveLength(49);
  });

  test("the previous token is replayed for a grace from the rotation, which never restarts", async () => {
    const s = await open();
    const session = await s.login(await s.user());
    s.advance(grace);
    await s.refresh(session, 0);
    s.advance(grace - SECOND);
    expect(await s.refresh(session, 0)).toMatchObject({ outcome: "replayed", session: { generation: 1 } });
    s.advance(2 * SECOND);
    expect(await s.refresh(session, 0)).toEqual({ outcome: "lost" });
  });

  test.each([
    ["shown to nobody: lost", false, "lost", "refresh_lost"],
    ["shown: theft", true, "theft", "refresh_theft"],
  ] as const)("the previous token too late, its successor %s", async (_name, shown, outcome, kind) => {
    const s = await open();
    const session = await s.login(await s.user());
    s.advance(grace);
    await s.refresh(session, 0);
    if (shown) await s.refresh(session, 1);
    s.advance(grace + SECOND);
    expect(await s.refresh(session, 0)).toEqual({ outcome });
    expect(await s.store.session(session)).toBeNull();
    expect(await s.refresh(session, 1)).toEqual({ outcome: "ended" });
    expect(await s.published()).toEqual([`session ${session.sid}`]);
    const [told] = await s.store.listAudit({ after: null, limit: 1, sub: session.sub });
    expect(told).toMatchObject({ kind, sid: session.sid, address: "192.0.2.2", detail: { reason: outcome } });
  });

  test("an older token ends the session at any time", async () => {
    const s = await open();
    const session = await s.login(await s.user());
    s.advance(grace);
    await s.refresh(session, 0);
    s.advance(grace);
    await s.refresh(session, 1);
    expect(await s.refresh(session, 0)).toEqual({ outcome: "theft" });
    expect(await s.refresh(session, 2)).toEqual({ outcome: "ended" });
  });

  test("a replay from another client is refused and told, and the session goes on", async () => {
    const s = await open();
    const session = await s.login(await s.user());
    s.advance(grace);
    await s.refresh(session, 0);
    const other = { context: "blink windows" };
    expect(await s.refresh(session, 0, other)).toEqual({ outcome: "other_client" });
    expect(await s.refresh(session, 0, other)).toEqual({ outcome: "other_client" });
    expect(await s.refresh(session, 1)).toMatchObject({ outcome: "kept" });
    expect(await s.published()).toEqual([]);
    const [told] = await s.store.listAudit({ after: null, limit: 1, sub: session.sub });
    expect(told).toMatchObject({ kind: "refresh_other_client", sid: session.sid });
  });

  test("a generation a little ahead is rolled forward to, one further ahead is refused and told", async () => {
    const s = await open();
    const session = await s.login(await s.user());
    const rolled = await s.refresh(session, MAX_ROLL_FORWARD);
    expect(rolled).toMatchObject({ outcome: "rolled_forward", session: { generation: MAX_ROLL_FORWARD, shown: true } });
    expect(await s.refresh(session, 2 * MAX_ROLL_FORWARD + 1)).toEqual({ outcome: "malformed" });
    expect(await s.refresh(session, MAX_ROLL_FORWARD)).toMatchObject({ outcome: "kept" });
    expect(await s.audited()).toEqual(["user_created", "login", "refresh_ahead"]);
  });

  test("another random part is refused and told, and the session goes on", async () => {
    const s = await open();
    const session = await s.login(await s.user());
    expect(await s.refresh(session, 0, { rHash: "forged" })).toEqual({ outcome: "malformed" });
    expect(await s.refresh(session, 0)).toMatchObject({ outcome: "kept" });
    expect(await s.audited()).toEqual(["user_created", "login", "refresh_forged"]);
  });

  test("without rotating, a current or previous token passes and nothing rotates", async () => {
    const s = await open();
    const session = await s.login(await s.user());
    s.advance(grace);
    expect(await s.refresh(session, 0, { rotate: false })).toMatchObject({
      outcome: "kept",
      session: { generation: 0 },
    });
    await s.refresh(session, 0);
    expect(await s.refresh(session, 0, { rotate: false })).toMatchObject({ outcome: "replayed" });
    expect(await s.store.session(session)).toMatchObject({ generation: 1 });
  });

  test("a session that nobody knows has ended, and is never rebuilt from a token", async () => {
    const s = await open();
    const session = await s.login(await s.user());
    expect(await s.refresh({ ...session, sid: "s_unknown" }, 0)).toEqual({ outcome: "ended" });
    expect(await s.refresh({ ...session, sub: "u_unknown" }, 0)).toEqual({ outcome: "ended" });
    await s.store.endSession({ ...session, reason: "logout", origin: CLI });
    expect(await s.refresh(session, 0)).toEqual({ outcome: "ended" });
    expect(await s.store.sessions({ sub: session.sub })).toEqual([]);
  });

  test.each([
    ["idle", LIMITS.idle, LIMITS.absolute, "idle_expired"],
    ["absolute", LIMITS.absolute, LIMITS.absolute, "expired"],
  ] as const)(
    "past its %s end it is refused by name, ended, published and told",
    async (reason, idle, absolute, outcome) => {
      const s = await open();
      const session = await s.login(await s.user(), { limits: { idle, absolute } });
      s.advance(Math.min(idle, absolute));
      expect(await s.refresh(session, 0)).toEqual({ outcome });
      expect(await s.refresh(session, 0)).toEqual({ outcome: "ended" });
      expect(await s.published()).toEqual([`session ${session.sid}`]);
      const [told] = await s.store.listAudit({ after: null, limit: 1, sub: session.sub });
      expect(told).toMatchObject({ kind: "session_ended", detail: { reason } });
    },
  );

  test("however often it is refreshed, a session never outlives its absolute end", async () => {
    const s = await open();
    const session = await s.login(await s.user(), { limits: { idle: 2 * MINUTE, absolute: 5 * MINUTE } });
    const limits = { ...LIMITS, idle: 2 * MINUTE };
    for (let generation = 0; generation < 4; generation++) {
      s.advance(MINUTE);
      const result = await s.refresh(session, generation, { limits });
      expect(generationOf(result)).toBe(generation + 1);
      expect("session" in result && result.session.idleEndsAt).toBeLessThanOrEqual(session.absoluteEndsAt);
    }
    s.advance(MINUTE);
    expect(await s.refresh(session, 4, { limits })).toEqual({ outcome: "expired" });
  });

  test("a logout that races with refreshes wins, whatever the order", async () => {
    const s = await open();
    const user = await s.user();
    for (let round = 0; round < 20; round++) {
      const session = await s.login(user);
      s.advance(grace);
      const before = Array.from({ length: round % 5 }, () => s.refresh(session, 0));
      const end = s.store.endSession({ ...session, reason: "logout", origin: CLI });
      const after = Array.from({ length: 3 }, () => s.refresh(session, 0));
      await Promise.all([...before, end, ...after]);
      expect(await s.refresh(session, 1)).toEqual({ outcome: "ended" });
      expect(await s.store.session(session)).toBeNull();
    }
  });
}
