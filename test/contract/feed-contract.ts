import { expect, test } from "vitest";
import { CLI, DAY, MINUTE, SECOND, type Subject } from "./subject.ts";

/** Of gateways whose clocks are behind the store's. */
const MARGIN = 30 * SECOND;
const SWEEP = { auditKeep: 30 * DAY, auditMax: 1_000_000, batch: 100 };

export function feedContract(open: () => Promise<Subject>): void {
  const publish = (s: Subject, jti: string) =>
    s.store.revoke({
      target: { kind: "token", jti },
      sub: null,
      reason: "revoked",
      note: null,
      dryRun: false,
      origin: CLI,
    });
  const announce = (s: Subject, accessTtl: number, node = "n1") =>
    s.store.announce({ receipt: { node, startedAt: 1, cursor: [], version: "1", config: null }, accessTtl });

  test("an empty feed is at its end", async () => {
    const s = await open();
    const page = await s.store.readFeed({ after: null, limit: 10 });
    expect(page).toMatchObject({ entries: [], end: true });
    expect(page.now).toBeGreaterThan(0);
    expect(page.state).not.toHaveLength(0);
    expect(await s.store.readFeed({ after: page.cursor, limit: 10 })).toMatchObject({ entries: [], end: true });
  });

  test("is read page by page, in order, each entry once, and followed from there", async () => {
    const s = await open();
    for (let index = 0; index < 5; index++) await publish(s, `j${index}`);
    const seen: string[] = [];
    let after = null;
    for (let pages = 0; pages < 10; pages++) {
      const page: Awaited<ReturnType<typeof s.store.readFeed>> = await s.store.readFeed({ after, limit: 2 });
      expect(page.entries.length).toBeLessThanOrEqual(2);
      seen.push(...page.entries.map(({ target }) => (target.kind === "token" ? target.jti : target.kind)));
      after = page.cursor;
      if (page.end) break;
    }
    expect(seen).toEqual(["j0", "j1", "j2", "j3", "j4"]);
    expect((await s.store.readFeed({ after, limit: 10 })).entries).toEqual([]);
    const { cursor } = await publish(s, "j5");
    const next = await s.store.readFeed({ after, limit: 10 });
    expect(next.entries.map(({ target }) => target)).toEqual([{ kind: "token", jti: "j5" }]);
    expect(next.cursor).toEqual(cursor);
    expect(next.end).toBe(true);
  });

  test("every kind of entry comes out as it went in", async () => {
    const s = await open();
    const targets = [
      { kind: "token", jti: "j" },
      { kind: "session", sid: "s" },
      { kind: "user", sub: "u", before: 5 },
      { kind: "client", clientId: "c", before: 6 },
      { kind: "key", kid: "k" },
      { kind: "all", before: 7 },
    ] as const;
    for (const target of targets) {
      await s.store.revoke({ target, sub: null, reason: "revoked", note: null, dryRun: false, origin: CLI });
    }
    expect((await s.store.readFeed({ after: null, limit: 10 })).entries.map(({ target }) => target)).toEqual(targets);
  });

  test("the epoch stays, another store has another", async () => {
    const s = await open();
    const epochs = async (subject: Subject) =>
      (await subject.store.readFeed({ after: null, limit: 1 })).state.map(({ epoch }) => epoch);
    const first = await epochs(s);
    await publish(s, "j");
    expect(await epochs(s)).toEqual(first);
    expect(await epochs(await open())).not.toEqual(first);
  });

  test("an entry lives as long as the longest access token may", async () => {
    const s = await open();
    const lifetime = async () => {
      const [entry] = (await publish(s, "j")).entries;
      return (entry?.expires ?? 0) - (entry?.at ?? 0) - MARGIN;
    };
    expect(await lifetime()).toBe(5 * MINUTE);
    await announce(s, 10 * MINUTE, "slow");
    await announce(s, 2 * MINUTE, "fast");
    expect(await lifetime()).toBe(10 * MINUTE);
    s.advance(9 * MINUTE);
    await announce(s, 2 * MINUTE, "fast");
    // The slow gateway is gone, but what it issued last is not.
    expect(await lifetime()).toBe(10 * MINUTE);
    s.advance(3 * MINUTE);
    await announce(s, 2 * MINUTE, "fast");
    expect(await lifetime()).toBe(2 * MINUTE);
  });

  test("is trimmed once an entry's tokens have expired and not before; the position survives", async () => {
    const s = await open();
    await publish(s, "j0");
    s.advance(4 * MINUTE);
    const { cursor } = await publish(s, "j1");
    s.advance(MINUTE + MARGIN - 10 * SECOND);
    await s.store.sweep(SWEEP);
    expect(await s.published()).toEqual(["token j0", "token j1"]);
    s.advance(10 * SECOND);
    await s.store.sweep(SWEEP);
    expect(await s.published()).toEqual(["token j1"]);
    s.advance(5 * MINUTE);
    await s.store.sweep(SWEEP);
    const page = await s.store.readFeed({ after: null, limit: 10 });
    expect(page).toMatchObject({ entries: [], end: true, cursor });
    expect(page.state.map(({ last }) => last)).toEqual(cursor);
    expect((await publish(s, "j2")).cursor).not.toEqual(cursor);
    const next = await s.store.readFeed({ after: cursor, limit: 10 });
    expect(next.entries.map(({ target }) => target)).toEqual([{ kind: "token", jti: "j2" }]);
  });

  test("a history is sealed once for those who come from another, and not for those who come from it", async () => {
    const s = await open();
    const { id, issuedAt } = await s.login(await s.user()).then((session) => ({ id: session.sub, ...session }));
    const page = await s.store.readFeed({ after: null, limit: 1 });
    const epochs = page.state.map(({ epoch }) => epoch);
    await s.store.sealFeed({ from: epochs, seen: page.now });
    expect(await s.published()).toEqual([]);
    await s.store.sealFeed({ from: epochs.map(() => "another"), seen: page.now });
    const published = (await s.store.readFeed({ after: null, limit: 100 })).entries;
    expect(new Set(published.map(({ target }) => target.kind))).toEqual(new Set(["all"]));
    for (const { target } of published) {
      expect(target.kind === "all" ? target.before : 0).toBeGreaterThanOrEqual(issuedAt);
    }
    // Access tokens only: the session goes on, and what it is issued now passes.
    const latest = Math.max(...published.map(({ target }) => (target.kind === "all" ? target.before : 0)));
    s.advance(1);
    const [session] = await s.store.sessions({ sub: id });
    expect(session).toBeDefined();
    expect(await s.store.clientIssueTime({ clientId: "c_1" })).toBeGreaterThan(latest);
  });

  test("what is written back is published, lives as long as it would have, and ends what it names", async () => {
    const s = await open();
    const [ada, bob, eve] = [await s.user("ada"), await s.user("bob"), await s.user("eve")];
    const [ended, kept] = [await s.login(ada), await s.login(ada)];
    const ofBob = await s.login(bob);
    const ofEve = await s.login(eve);
    const now = await s.now();
    const expires = now + 60 * MINUTE;
    await s.store.restore({
      revocations: [
        { target: { kind: "session", sid: ended.sid }, expires },
        { target: { kind: "user", sub: bob.id, before: now + 10 }, expires },
        { target: { kind: "user", sub: eve.id, before: ofEve.createdAt - 1 }, expires },
        { target: { kind: "token", jti: "j" }, expires: now },
        { target: { kind: "client", clientId: "c_1", before: 5 }, expires },
        { target: { kind: "session", sid: "s_gone" }, expires },
      ],
    });
    expect(new Set(await s.published())).toEqual(
      new Set([`session ${ended.sid}`, `user ${bob.id}`, `user ${eve.id}`, "token j", "client c_1", "session s_gone"]),
    );
    for (const entry of (await s.store.readFeed({ after: null, limit: 100 })).entries) {
      const least = entry.target.kind === "token" ? entry.at + 5 * MINUTE + MARGIN : expires;
      expect(entry.expires).toBe(least);
    }
    expect(await s.refresh(ended, 0)).toEqual({ outcome: "ended" });
    expect(await s.refresh(ofBob, 0)).toEqual({ outcome: "ended" });
    expect(await s.refresh(kept, 0)).toMatchObject({ outcome: "kept" });
    expect(await s.refresh(ofEve, 0)).toMatchObject({ outcome: "kept" });
  });

  test("a reader that is ahead of the feed is told that it does not continue", async () => {
    const s = await open();
    await publish(s, "j0");
    const { cursor } = await publish(s, "j1");
    expect(await s.store.readFeed({ after: cursor, limit: 10 })).toMatchObject({ continues: true });
    expect(await s.store.readFeed({ after: null, limit: 10 })).toMatchObject({ continues: true });
    const ahead = cursor.map((position) => position.replace(/\d+$/, (number) => String(Number(number) + 1)));
    expect(await s.store.readFeed({ after: ahead, limit: 10 })).toMatchObject({ continues: false });
  });
}
