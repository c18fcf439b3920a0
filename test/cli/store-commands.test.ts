import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PASSWORD, workplace } from "./cli.ts";

describe("users", () => {
  it("are made, listed, changed and deleted", async () => {
    const { run, call, json } = await workplace();
    const added = await run(["users", "add", "Ana", "--role", "user", "--password-stdin"], `${PASSWORD}\n`);
    expect(added).toMatchObject({
      code: 0,
      stderr: "",
      stdout: expect.stringMatching(/^Made the user Ana \(u_.{22}\)\.\n$/),
    });

    const ana = { username: "Ana", roles: ["user"], disabled: false, password: true, id: expect.stringMatching(/^u_/) };
    expect(await json(["users", "list"])).toEqual({ users: [{ ...ana, createdAt: expect.stringMatching(/Z$/) }] });
    expect((await call(["users", "list"])).stdout).toMatch(
      /^NAME +ID +ROLES +STATE +CREATED\nAna +u_\S+ +user +active /,
    );
    expect(await json(["users", "show", "ANA"])).toMatchObject({ user: ana, sessions: [] });

    expect(await json(["users", "roles", "ana", "user", "admin"])).toMatchObject({ roles: ["user", "admin"] });
    expect(await json(["users", "roles", "ana", "--none"])).toMatchObject({ roles: [] });
    expect(await json(["users", "disable", "ana"])).toMatchObject({ disabled: true });
    expect(await json(["users", "enable", "ana"])).toMatchObject({ disabled: false });
    expect(await json(["users", "password", "ana", "--password-stdin"], "another horse battery staple")).toMatchObject({
      password: true,
    });
    expect(await json(["users", "delete", "ana"])).toMatchObject({ username: "Ana" });
    expect(await json(["users", "list"])).toEqual({ users: [] });

    const { records } = (await json(["audit"])) as { records: readonly { kind: string; actor: string }[] };
    expect(records.every(({ actor }) => actor === "cli")).toBe(true);
    expect(records.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["user_created", "roles_changed", "user_deleted"]),
    );
  });

  it("are refused for what is wrong with them, and nothing is made", async () => {
    const { call, json } = await workplace();
    await json(["users", "add", "ana", "--password-stdin"], PASSWORD);
    const add = (name: string, password: string, ...more: string[]) =>
      call(["users", "add", name, "--password-stdin", ...more], password);
    expect(await add("ANA", PASSWORD)).toMatchObject({ code: 1, stderr: 'postern: The name "ANA" is taken.\n' });
    expect(await add("bob", "short")).toMatchObject({
      code: 1,
      stderr: "postern: password: expected at least 15 characters.\n",
    });
    expect((await add("bob", PASSWORD, "--role", "usr")).stderr).toMatch(/"usr" is none; did you mean "user"\?\n$/);
    expect((await add("b\u0000b", PASSWORD).catch(() => ({ stderr: "" }))).stderr).not.toContain(PASSWORD);
    expect(await add("bob", "")).toMatchObject({ code: 2 });
    expect(await call(["users", "show", "bob"])).toMatchObject({
      code: 1,
      stderr: 'postern: There is no user "bob".\n',
    });
    expect(await json(["users", "list"])).toMatchObject({ users: [{ username: "ana" }] });
  });

  it("are imported line by line; a line that cannot be is named without its password", async () => {
    const { dir, call, json } = await workplace();
    await json(["users", "add", "source", "--password-stdin"], PASSWORD);
    const hash = "$argon2id$v=19$m=19456,t=2,p=1$cG9zdGVybi1ubyB1c2VyIQ$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const lines = [
      { username: "one", passwordHash: hash, roles: ["user"] },
      { username: "two", password: PASSWORD },
      { username: "three" },
      { username: "one", password: PASSWORD },
      { username: "four", passwordHash: "$2b$10$abcdefghijklmnopqrstuv" },
      { username: "five", passwordHash: hash.replace("m=19456", "m=9999999") },
      { username: "six", roles: ["king"] },
      { username: "seven", pasword: PASSWORD },
    ];
    await writeFile(join(dir, "users.jsonl"), `${lines.map((line) => JSON.stringify(line)).join("\n")}\n\nnot json\n`);
    const { code, stderr } = await call(["users", "import", "users.jsonl"]);
    expect(code).toBe(1);
    expect(stderr.match(/^line \d+/gm)).toEqual(["line 4", "line 5", "line 6", "line 7", "line 8", "line 10"]);
    expect(stderr).toContain("Imported 3 users; 6 lines could not be imported.");
    expect(stderr).not.toContain(PASSWORD);
    const { users } = (await json(["users", "list"])) as { users: readonly { username: string; password: boolean }[] };
    expect(users.map(({ username, password }) => [username, password])).toEqual([
      ["one", true],
      ["source", true],
      ["three", false],
      ["two", true],
    ]);
    const more = await call(["users", "import", "-"], '{"username":"eight"}\n');
    expect(more).toEqual({ code: 0, stdout: "Imported 1 user.\n", stderr: "" });
  });
});

describe("clients", () => {
  it("show their secret once, those of the configuration never", async () => {
    const secretHash = `sha256:${"A".repeat(43)}`;
    const { call, json } = await workplace({ clients: { c_fixed: { secretHash, scopes: ["a"] } } });
    const made = (await json(["clients", "add", "nightly report", "--scope", "b"])) as { id: string; secret: string };
    expect(made).toMatchObject({
      id: expect.stringMatching(/^c_/),
      scopes: ["b"],
      secret: expect.stringMatching(/^pcs_/),
    });
    const list = await call(["clients", "list"]);
    expect(list.stdout).toContain("c_fixed");
    expect(list.stdout).toContain("nightly report");
    expect(list.stdout).not.toContain(made.secret);
    expect(list.stdout).not.toContain("sha256");
    const rotated = (await json(["clients", "rotate", made.id])) as { secret: string };
    expect(rotated.secret).not.toBe(made.secret);
    expect(await call(["clients", "remove", "c_fixed"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("change it there"),
    });
    expect(await call(["clients", "remove", made.id])).toMatchObject({ code: 0 });
    expect(await call(["clients", "rotate", made.id])).toMatchObject({ code: 1 });
    expect(await call(["clients", "add", "x", "--scope", "a b"])).toMatchObject({ code: 1 });
  });
});

describe("revoke", () => {
  it("says what it ends, and what not", async () => {
    const { call, json } = await workplace();
    const { id } = (await json(["users", "add", "ana", "--password-stdin"], PASSWORD)) as { id: string };
    const jti = "01a1fb4c-b08b-73ff-b1c6-3e8d777acf1e";
    expect(await json(["revoke", "--user", "ana", "--reason", "lost laptop"])).toMatchObject({
      targets: [{ kind: "user", id, before: expect.any(String) }],
      ...{ users: 1, sessions: 0, dryRun: false, note: expect.stringContaining("a new login works") },
    });
    expect(await json(["revoke", "--jti", jti])).toMatchObject({
      targets: [{ kind: "token", id: jti, before: null }],
      note: expect.stringContaining("can go on refreshing"),
    });
    expect(
      await json(["revoke", "--client", "postern", "--before", "2026-01-31T12:00:00Z", "--dry-run"]),
    ).toMatchObject({
      targets: [{ kind: "client", id: "postern", before: "2026-01-31T12:00:00.000Z" }],
      ...{ dryRun: true, note: "Nothing has been changed." },
    });
    const all = await call(["revoke", "--all", "--wait"]);
    expect(all).toMatchObject({ code: 0, stderr: "" });
    expect(all.stdout).toMatch(
      /^Revoked everything issued until .*Z\.\nEnded 0 sessions .*\nNo gateway is running\.\n$/,
    );
    const { records } = (await json(["audit"])) as { records: readonly { kind: string; detail: object }[] };
    expect(records.filter(({ kind }) => kind === "revoked")).toHaveLength(3);
    expect(JSON.stringify(records)).toContain("lost laptop");
  });

  it.each([
    [["--user", "nobody"], 'There is no user "nobody".'],
    [["--client", "c_nobody"], 'There is no client "c_nobody".'],
    [["--key", "nothing"], 'There is no signing key "nothing".'],
    [["--session", "x"], "expected a session id"],
    [["--jti", "x"], "expected the jti of an access token"],
    [["--token", "hunter2"], "expected an access token, or a refresh token"],
    [["--all", "--before", "yesterday"], "expected a time such as"],
    [["--all", "--before", "2026-01-31T12:00:00"], "expected a time such as"],
    [["--all", "--before", "2999-01-01T00:00:00Z"], "not in the future"],
    [
      ["--session", "s_0123456789012345678901", "--before", "2026-01-31T12:00:00Z"],
      "it goes with user, client and all",
    ],
  ])("%j is refused", async (args, message) => {
    const { call } = await workplace();
    const { code, stdout, stderr } = await call(["revoke", ...args]);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("hunter2");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });
});

describe("keys", () => {
  it("are published before they sign", async () => {
    const { call, json } = await workplace({ tokens: { access: { alg: "EdDSA" } } });
    expect((await call(["keys", "list"])).stdout).toContain("There are no keys yet");
    await json(["keys", "rotate"]);
    const { keys } = (await json(["keys", "list"])) as { keys: readonly object[] };
    expect(keys).toEqual([expect.objectContaining({ alg: "EdDSA", state: "waiting" })]);
    expect(JSON.stringify(keys)).not.toContain("wrapped");
  });
});

describe("the secret", () => {
  it("is made once beside an embedded database, for its owner alone, and said", async () => {
    const { dir, run } = await workplace({}, { POSTERN_SECRET: undefined });
    const runs = await Promise.all([run(["keys", "rotate"]), run(["keys", "rotate"]), run(["keys", "rotate"])]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    const file = join(dir, "postern.db.secret");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const secret = (await readFile(file, "utf8")).trim();
    expect(Buffer.from(secret, "base64url")).toHaveLength(32);
    const said = runs.filter(({ stderr }) => stderr.includes("made a secret and kept it in"));
    expect(said).toHaveLength(1);
    expect(runs.map(({ stdout, stderr }) => stdout + stderr).join()).not.toContain(secret);

    expect((await run(["keys", "rotate"])).stderr).not.toContain("made a secret");
    expect(await readFile(file, "utf8")).toBe(`${secret}\n`);
  });

  it("that is too short to be one is refused, not replaced", async () => {
    const { dir, run } = await workplace({}, { POSTERN_SECRET: undefined });
    await writeFile(join(dir, "postern.db.secret"), "");
    const { code, stderr } = await run(["keys", "rotate"]);
    expect(stderr).toContain("postern.db.secret");
    expect(code).toBe(78);
    expect(await readFile(join(dir, "postern.db.secret"), "utf8")).toBe("");
  });
});
