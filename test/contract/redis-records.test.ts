import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { newId } from "../../src/lib/ids.ts";
import { RedisLink } from "../../src/runtime/redis/link.ts";
import { readRedisUrl } from "../../src/runtime/redis/url.ts";
import { audit, listAudit } from "../../src/stores/redis/audit.ts";
import { metaKey } from "../../src/stores/redis/keys.ts";
import { partitionOf } from "../../src/stores/redis/partition.ts";
import type { RunScript } from "../../src/stores/redis/script.ts";
import { createUser, deleteUser, listUsers, settleNames, userByName } from "../../src/stores/redis/users.ts";
import { REDIS_SERVER, type RedisServer, startRedis } from "../support/redis-server.ts";
import { openRedis } from "./open-redis.ts";
import { CLI, DAY, LIMITS, MINUTE, SECOND, Subject } from "./subject.ts";

const SWEEP = { auditKeep: 30 * DAY, auditMax: 1_000, batch: 100 };
const NOW = Number.MAX_SAFE_INTEGER;

/** What of the records on Redis the contract cannot see. */
describe.skipIf(REDIS_SERVER === null)("the records on Redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  async function subject(url = server.freshUrl()): Promise<Subject> {
    const opened = await openRedis(url);
    onTestFinished(() => opened.close());
    return new Subject(opened);
  }

  /** Runs scripts in an empty store. */
  async function linked(): Promise<RunScript> {
    const link = new RedisLink({ url: readRedisUrl(server.freshUrl()), timeout: 10_000, clockOffset: () => 0 });
    await link.open();
    onTestFinished(() => link.close());
    return link.run;
  }

  test("users are spread over the partitions, and a user's partition never changes", () => {
    const known = ["u_", "u_AAAAAAAAAAAAAAAAAAAAAA", "u_zzzzzzzzzzzzzzzzzzzzzz", "u_0123456789-_abcdefghijk"];
    expect(known.map(partitionOf)).toEqual([13, 3, 13, 2]);
    const counts = new Array<number>(16).fill(0);
    for (let index = 0; index < 16_000; index++) {
      const partition = partitionOf(newId("u"));
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(250);
  });

  test("every key is one of docs/storage.md, and only what is said to expire does", async () => {
    const url = server.freshUrl();
    const s = await subject(url);
    const [ada, bob] = [await s.user("ada"), await s.user("bob")];
    const session = await s.login(ada);
    await s.login(bob);
    await s.store.writeSessionData({ ...session, json: "{}", expected: 0 });
    await s.refresh(session, 0, { rHash: "forged" });
    await s.refresh(session, 0, { rHash: "forged" });
    const key = {
      kid: "k",
      alg: "ES256",
      publicJwk: "{}",
      wrappedPrivate: "w",
      secretId: "s",
      revokedAt: null,
    } as const;
    const times = { createdAt: 1, signsFrom: 1, signsUntil: NOW, removeAt: NOW };
    await s.store.addKey({ key: { ...key, ...times }, expectedNewest: null });
    await s.store.createClient({ client: { id: "c_1", name: "n", secretHash: "h", scopes: [] }, origin: CLI });
    const bucket = { key: "account:ada", limit: 1, window: MINUTE, lock: MINUTE, maxLock: MINUTE };
    await s.store.takeAttempts({ buckets: [bucket] });
    await s.store.announce({
      receipt: { node: "n", startedAt: 1, cursor: [], version: "1", config: null },
      accessTtl: MINUTE,
    });
    const revoke = { sub: null, reason: "revoked", note: null, dryRun: false, origin: CLI } as const;
    await s.store.revoke({ ...revoke, target: { kind: "client", clientId: "c_1", before: NOW } });

    const client = new Redis(url);
    onTestFinished(() => client.disconnect());
    const documented = documentedKeys();
    const met = new Set<string>();
    for (const name of await client.keys("*")) {
      const rows = documented.filter(({ pattern }) => pattern.test(name));
      expect(`${name}: ${rows.length}`).toBe(`${name}: 1`);
      for (const { row, types, expires } of rows) {
        met.add(row);
        expect(types).toContain(await client.type(name));
        expect(`${name} expires: ${(await client.pttl(name)) >= 0}`).toBe(`${name} expires: ${expires(name)}`);
      }
    }
    // All but what is gone when a call has ended.
    const rows = [...new Set(documented.map(({ row }) => row))];
    expect(rows.filter((row) => !met.has(row))).toEqual(["unsettled-names"]);
  });

  describe("a name whose account's making or deletion is cut off", () => {
    /** Runs scripts until one of this name has run, whose reply is lost; and every script after it. */
    function cutOffAfter(run: RunScript, name: string): RunScript {
      let cut = false;
      return async (script, key, input) => {
        if (cut) throw new Error("cut off");
        const reply = await run(script, key, input);
        cut = script.name === name;
        if (cut) throw new Error("cut off");
        return reply;
      };
    }
    const ada = () => ({
      user: { id: newId("u"), username: "ada", usernameKey: "ada", passwordHash: null, roles: [] },
      origin: CLI,
    });

    test.each(["name-claim", "user-create", "user", "name-keep", "name-settled"])(
      "after %s: made again, it is there once, under its name",
      async (name) => {
        const run = await linked();
        const input = ada();
        await expect(createUser(cutOffAfter(run, name), input)).rejects.toThrow("cut off");
        expect(await createUser(run, ada())).toEqual({ ok: false, reason: "conflict" });
        expect(await createUser(run, input)).toMatchObject({ ok: true });
        expect(await userByName(run, { usernameKey: "ada" })).toMatchObject({ id: input.user.id });
        expect(await listUsers(run, { after: null, limit: 10 })).toHaveLength(1);
      },
    );

    test("after user-create: a sweep gives the account its name for good", async () => {
      const run = await linked();
      const input = ada();
      await expect(createUser(cutOffAfter(run, "user-create"), input)).rejects.toThrow("cut off");
      await settleNames(run, partitionOf(input.user.id));
      expect(await userByName(run, { usernameKey: "ada" })).toMatchObject({ id: input.user.id });
      expect(await createUser(run, ada())).toEqual({ ok: false, reason: "conflict" });
    });

    test.each(["user-delete", "user", "name-free"])("after %s: a sweep frees the name", async (name) => {
      const run = await linked();
      const input = ada();
      await createUser(run, input);
      const gone = { sub: input.user.id, origin: CLI };
      await expect(deleteUser(cutOffAfter(run, name), gone)).rejects.toThrow("cut off");
      await settleNames(run, partitionOf(input.user.id));
      expect(await createUser(run, ada())).toMatchObject({ ok: true });
    });
  });

  test("whoever follows the audit trail misses nothing that is written while partitions are read one after the other", async () => {
    const run = await linked();
    const last = `u_${Array.from({ length: 1_000 }, (_, index) => index).find((index) => partitionOf(`u_${index}`) === 15)}`;
    const event = { kind: "admin_call", actor: "admin", sid: null, address: null } as const;
    const write = (sub: string | null, what: string) => audit(run, { event: { ...event, sub, detail: { what } } });
    await write(null, "first");
    const others: Promise<unknown>[] = [];
    const interrupted: RunScript = async (script, key, input) => {
      if (key !== metaKey(15)) {
        const reply = run(script, key, input);
        others.push(reply);
        return reply;
      }
      await Promise.all(others);
      await write(null, "in a partition that has been read");
      await write(last, "in one that has not");
      return run(script, key, input);
    };
    const seen: unknown[] = [];
    const follow = async (by: RunScript, after: string | null): Promise<string | null> => {
      const records = await listAudit(by, { after, limit: 10, sub: null });
      seen.push(...records.map(({ detail }) => detail.what));
      return records.at(-1)?.id ?? after;
    };
    const after = await follow(interrupted, null);
    await follow(run, after);
    expect(seen).toEqual(["first", "in a partition that has been read", "in one that has not"]);
  });

  test("each publishing forgets expired entries, more than it adds, and none that is live", async () => {
    const s = await subject();
    const rest = { sub: null, reason: "revoked", note: null, dryRun: false, origin: CLI } as const;
    const publish = (jti: string) => s.store.revoke({ target: { kind: "token", jti }, ...rest });
    for (let index = 0; index < 20; index++) await publish(`early ${index}`);
    s.advance(4 * MINUTE);
    await publish("late");
    expect(await s.published()).toHaveLength(21);
    s.advance(MINUTE + 30 * SECOND);
    await publish("first after");
    expect(await s.published()).toEqual(
      [16, 17, 18, 19].map((index) => `token early ${index}`).concat("token late", "token first after"),
    );
    await publish("second after");
    expect(await s.published()).toEqual(["late", "first after", "second after"].map((jti) => `token ${jti}`));
  });

  test("a revocation of everything ends sessions at once, whatever their number; sweeps clear them away", async () => {
    const s = await subject();
    const users = await Promise.all(["ada", "bob", "cyd"].map((name) => s.user(name)));
    for (const user of users) for (let index = 0; index < 3; index++) await s.login(user);
    const all = { kind: "all", before: NOW } as const;
    const rest = { sub: null, reason: "revoked", note: null, dryRun: false, origin: CLI } as const;
    expect(await s.store.revoke({ target: all, ...rest })).toMatchObject({ sessions: 9, users: 3 });
    for (const user of users) expect(await s.store.sessions({ sub: user.id })).toEqual([]);
    // Those that are dead and not yet cleared away are not counted again.
    expect(await s.store.revoke({ target: all, ...rest })).toMatchObject({ sessions: 0 });
    await s.login(users[0] ?? (await s.user("eve")), { limits: LIMITS });
    while ((await s.store.sweep({ ...SWEEP, batch: 2 })).more);
    expect(await s.store.revoke({ target: all, ...rest, dryRun: true })).toMatchObject({ sessions: 1 });
    expect((await s.audited()).filter((kind) => kind === "session_ended")).toEqual([]);
  });
});

interface DocumentedKey {
  readonly row: string;
  readonly pattern: RegExp;
  readonly types: readonly string[];
  readonly expires: (name: string) => boolean;
}

/** The rows of the tables of keys in docs/storage.md; what stands in capitals there is any text. */
function documentedKeys(): DocumentedKey[] {
  const text = readFileSync(new URL("../../docs/storage.md", import.meta.url), "utf8");
  const [inPartitions = "", outside = ""] = (text.split("\n## Keys\n")[1] ?? "").split(
    "\nOutside of the partitions:\n",
  );
  const rowsOf = (part: string, prefix: string): DocumentedKey[] =>
    part
      .split("\n## ")[0]
      ?.split("\n")
      .filter((line) => line.startsWith("| `"))
      .flatMap((line) => {
        const [, names = "", types = "", , lifetime = ""] = line.split("|");
        return [...names.matchAll(/`([^`]+)`/g)].map(([, row = ""]) => ({
          row,
          pattern: new RegExp(
            `^postern:${prefix}${row
              .replace(/[{}]/g, "\\$&")
              .replace("aNN", "a\\d\\d")
              .replace(/\b[A-Z][A-Z0-9]+\b/g, "[^ ]+?")}$`,
          ),
          types: types.split(",").map((type) => type.trim()),
          // A claim on a name is gone when the call that made it has ended.
          expires: () => lifetime.includes("(expiry)") && row !== "name:NAME",
        }));
      }) ?? [];
  return [...rowsOf(inPartitions, "\\{p\\d\\d\\}:"), ...rowsOf(outside, "")];
}
