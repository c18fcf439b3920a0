import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { StoreOutcomeUnknown, StoreUnavailable } from "../../src/stores/store.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { REDIS_SERVER, type RedisServer, startRedis } from "../support/redis-server.ts";
import { waitUntil } from "../support/wait-until.ts";
import { openRedis } from "./open-redis.ts";
import { CLI, LIMITS, Subject } from "./subject.ts";

/** What a caller learns when the server or the way to it fails, and what has become of the records. */
describe.skipIf(REDIS_SERVER === null)("the store on a Redis that fails", () => {
  let server: RedisServer;
  let proxy: FaultProxy;
  beforeAll(async () => {
    server = await startRedis();
    proxy = await startFaultProxy(server.port);
  });
  afterAll(() => server.stop());

  /** One store over the way that fails and one beside it, with a session whose token is due. */
  async function opened(timeout = 10_000) {
    const url = server.freshUrl();
    const failing = await openRedis(url.replace(String(server.port), String(proxy.port)), timeout);
    const sure = await openRedis(url);
    onTestFinished(async () => {
      await failing.close();
      await sure.close();
    });
    const s = new Subject(failing);
    const beside = new Subject(sure);
    const session = await s.login(await s.user());
    // From here on the server knows the script, and one request is all that a refresh takes.
    await s.refresh(session, 0);
    failing.advance(LIMITS.grace);
    sure.advance(LIMITS.grace);
    return { s, beside, session };
  }
  const backAgain = (s: Subject) =>
    waitUntil(
      () => "the store does not come back",
      () =>
        s.now().then(
          () => true,
          () => false,
        ),
      5_000,
    );

  test("a script that is held back past its deadline changes nothing", async () => {
    const { s, beside, session } = await opened(300);
    const request = proxy.hold(session.sid);
    await expect(s.refresh(session, 0)).rejects.toThrow(StoreOutcomeUnknown);
    await request.held;
    await request.release();
    expect(await beside.store.session(session)).toMatchObject({ generation: 0 });
    await backAgain(s);
    expect(await s.refresh(session, 0)).toMatchObject({ outcome: "rotated", session: { generation: 1 } });
  });

  test("a reply that is lost leaves the outcome unknown, and asking again gives the same successor", async () => {
    const { s, beside, session } = await opened();
    const lost = proxy.loseReply(session.sid);
    await expect(s.refresh(session, 0)).rejects.toThrow(StoreOutcomeUnknown);
    await lost;
    expect(await beside.store.session(session)).toMatchObject({ generation: 1 });
    await backAgain(s);
    expect(await s.refresh(session, 0)).toMatchObject({ outcome: "replayed", session: { generation: 1 } });
    expect(await s.published()).toEqual([]);
  });

  test("a request that is lost may be asked again", async () => {
    const { s, session } = await opened();
    const lost = proxy.loseRequest(session.sid);
    await expect(s.refresh(session, 0)).rejects.toThrow(StoreOutcomeUnknown);
    await lost;
    await backAgain(s);
    expect(await s.refresh(session, 0)).toMatchObject({ outcome: "rotated" });
  });

  test("a read that gets no answer has done nothing", async () => {
    const { s, session } = await opened();
    const lost = proxy.loseReply(session.sid);
    await expect(s.store.session(session)).rejects.toThrow(StoreUnavailable);
    await lost;
  });

  test("scripts that the server has forgotten are sent again", async () => {
    const { s, session } = await opened();
    await server.command("SCRIPT", "FLUSH");
    const results = await Promise.all(Array.from({ length: 20 }, () => s.refresh(session, 0)));
    expect(results.filter(({ outcome }) => outcome === "rotated")).toHaveLength(1);
    expect(results.filter(({ outcome }) => outcome === "replayed")).toHaveLength(19);
  });

  test("with its memory full, the server refuses an ending as a whole, and reads go on", async () => {
    const { s, session } = await opened();
    await server.command("CONFIG", "SET", "maxmemory", 1);
    onTestFinished(async () => {
      await server.command("CONFIG", "SET", "maxmemory", 0);
    });
    const end = { ...session, reason: "logout", origin: CLI } as const;
    await expect(s.store.endSession(end)).rejects.toThrow(StoreUnavailable);
    expect(await s.store.session(session)).not.toBeNull();
    expect(await s.published()).toEqual([]);
    await server.command("CONFIG", "SET", "maxmemory", 0);
    expect(await s.store.endSession(end)).toMatchObject({ existed: true });
    expect(await s.published()).toEqual([`session ${session.sid}`]);
  });

  test("a server that became a replica is written to no more", async () => {
    const { s, session } = await opened();
    await server.command("REPLICAOF", "127.0.0.1", server.port);
    onTestFinished(async () => {
      await server.command("REPLICAOF", "NO", "ONE");
    });
    const end = { ...session, reason: "logout", origin: CLI } as const;
    await expect(s.store.endSession(end)).rejects.toThrow(StoreUnavailable);
    await server.command("REPLICAOF", "NO", "ONE");
    await backAgain(s);
    expect(await s.store.endSession(end)).toMatchObject({ existed: true });
  });

  test("without a connection every call is unavailable at once, and works again when the server is back", async () => {
    const { s, session } = await opened();
    proxy.cut();
    await waitUntil(
      () => "the loss of the connection is not noticed",
      () =>
        s.now().then(
          () => false,
          () => true,
        ),
    );
    // Ten seconds are what a call may take; none of these waits.
    await Promise.all(
      Array.from({ length: 50 }, () => expect(s.refresh(session, 0)).rejects.toThrow(StoreUnavailable)),
    );
    proxy.heal();
    await backAgain(s);
    expect(await s.refresh(session, 0)).toMatchObject({ outcome: "rotated" });
  });

  test("a server that is killed has kept what it acknowledged, where it writes before it answers", async () => {
    const { s, session } = await opened();
    // `everysec` answers before it writes while the disk is busy.
    await server.command("CONFIG", "SET", "appendfsync", "always");
    await s.refresh(session, 0);
    await s.store.endSession({ ...session, reason: "logout", origin: CLI });
    await server.kill();
    await server.start();
    await backAgain(s);
    expect(await s.refresh(session, 1)).toEqual({ outcome: "ended" });
    expect(await s.published()).toEqual([`session ${session.sid}`]);
  });

  test("a store that was wiped says so, and begins another history", async () => {
    const { s, session } = await opened();
    const epochs = async () => (await s.store.readFeed({ after: null, limit: 1 })).state.map(({ epoch }) => epoch);
    const before = await epochs();
    await server.command("FLUSHALL");
    await expect(s.refresh(session, 0)).rejects.toThrow("the store has been wiped");
    await backAgain(s);
    expect(await epochs()).not.toEqual(before);
    expect(await s.refresh(session, 0)).toEqual({ outcome: "ended" });
    expect(await s.refresh(await s.login(await s.user()), 0)).toMatchObject({ outcome: "kept" });
  });
});
