import { beforeAll, describe, expect, test } from "vitest";
import { workplace } from "../cli/cli.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { waitUntil } from "../support/wait-until.ts";
import { startWorker, type WorkerProcess } from "../support/worker-process.ts";

let worker: WorkerProcess;
let json: (args: readonly string[], stdin?: string) => Promise<unknown>;

beforeAll(async () => {
  worker = await startWorker({ roles: ROLES, passwords: { concurrency: 1, queue: 1 }, log: { access: true } });
  const operator = await workplace(null, { POSTERN_SECRET: undefined, POSTERN_ADMIN_TOKEN: worker.adminToken });
  json = (args, stdin) => operator.json([...args, "--url", worker.url], stdin);
});

describe("commands on a Worker, by its admin API", () => {
  test("users, their sessions, and what the trail keeps of it", async () => {
    await json(["users", "add", ALICE.name, "--role", "user", "--password-stdin"], ALICE.password);
    expect(await json(["users", "list"])).toMatchObject({ users: [{ username: ALICE.name, roles: ["user"] }] });
    expect(await json(["users", "roles", ALICE.name, "user", "admin"])).toMatchObject({ roles: ["user", "admin"] });
    await json(["users", "password", ALICE.name, "--password-stdin"], "another horse battery staple");
    await json(["users", "disable", ALICE.name]);
    expect((await new Browser(worker.url).login(ALICE.name, "another horse battery staple")).status).toBe(401);
    await json(["users", "enable", ALICE.name]);
    const browser = new Browser(worker.url);
    const login = await browser.login(ALICE.name, "another horse battery staple");
    const { session_id } = login.json<{ session_id: string }>();
    expect(await json(["sessions", "list", ALICE.name])).toMatchObject({ sessions: [{ id: session_id }] });
    await json(["sessions", "end", session_id]);
    expect((await browser.api("/auth/me")).json().code).toBe("token_revoked");
    const { records } = (await json(["audit"])) as { records: readonly { kind: string; actor: string }[] };
    expect(records.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["user_created", "roles_changed", "login", "session_ended", "admin_call"]),
    );
  });

  test("clients, keys, nodes and revocations", async () => {
    const client = (await json(["clients", "add", "reporting", "--scope", "orders:read"])) as { id: string };
    expect(client.id).toMatch(/^c_/);
    await json(["clients", "rotate", client.id]);
    await json(["clients", "remove", client.id]);
    expect(await json(["keys", "list"])).toMatchObject({ keys: [{ alg: "ES256" }] });
    await json(["keys", "rotate"]);
    expect(((await json(["keys", "list"])) as { keys: unknown[] }).keys.length).toBe(2);
    expect(await json(["nodes"])).toMatchObject({ nodes: [{ version: expect.stringMatching(/^\d/) }] });
    expect(await json(["revoke", "--all", "--dry-run"])).toMatchObject({ dryRun: true });
  });
});

test("more passwords at once than may wait are answered 503, and whoever has a place is served", async () => {
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, number) => new Browser(worker.url).login(`nobody-${number}`, ALICE.password)),
  );
  const told = answers.map((answer) => answer.json().code);
  expect(new Set(told)).toEqual(new Set(["invalid_credentials", "overloaded"]));
  expect(answers.find(({ status }) => status === 503)?.headers["retry-after"]).toBeDefined();
});

test("the access log has a line for each request, with no token in it", async () => {
  await new Browser(worker.url).fetch("/nowhere?token=not-to-be-seen");
  await waitUntil(
    () => `no line in the log:\n${worker.logs()}`,
    () => worker.logs().includes('"outcome":"not_found"'),
  );
  const line = worker
    .logs()
    .split("\n")
    .findLast((text) => text.includes('"outcome":"not_found"'));
  expect(JSON.parse(line ?? "")).toMatchObject({ level: "info", msg: "request", route: "-", status: 404 });
  expect(worker.logs()).not.toContain("not-to-be-seen");
});
