import { once } from "node:events";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startChild } from "../support/child.ts";
import { freePort } from "../support/free-port.ts";
import { CLI, startGateway } from "../support/gateway-process.ts";
import { waitUntil } from "../support/wait-until.ts";
import { PASSWORD, workplace } from "./cli.ts";

describe("serve", () => {
  it("makes a secret where there is none, says so, listens where it is told, and stops when it is told", async () => {
    const { dir } = await workplace({ operations: { listen: "127.0.0.1:0" } });
    const port = await freePort();
    const env = { PATH: process.env.PATH };
    const args = [CLI, "serve", "--listen", `127.0.0.1:${port}`, "--store", "sqlite:./other.db"];
    const gateway = startChild(process.execPath, args, { cwd: dir, env });
    await waitUntil(
      () => gateway.output(),
      () => gateway.output().includes("Postern listens on"),
    );
    expect(gateway.output()).toContain(`made a secret and kept it in ${join(dir, "other.db.secret")}`);
    expect(gateway.output()).toContain(`Postern listens on http://127.0.0.1:${port} for http://127.0.0.1:8080;`);
    expect((await fetch(`http://127.0.0.1:${port}/.well-known/jwks.json`)).status).toBe(200);
    const secret = (await readFile(join(dir, "other.db.secret"), "utf8")).trim();
    expect(gateway.output()).not.toContain(secret);
    await gateway.stop();
    expect(gateway.process.exitCode).toBe(0);
  });

  it("never makes an account", async () => {
    const gateway = await startGateway();
    expect(JSON.parse((await gateway.cli(["users", "list", "--json"])).stdout)).toEqual({ users: [] });
  });

  it("names a port in use and what to do", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    try {
      const address = taken.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      const { run } = await workplace({ listen: `127.0.0.1:${port}`, operations: { listen: "127.0.0.1:0" } });
      const { code, stdout, stderr } = await run(["serve"]);
      expect(stderr).toContain(`Port ${port} on 127.0.0.1 is in use.`);
      expect({ code, stdout }).toEqual({ code: 69, stdout: "" });
    } finally {
      taken.close();
    }
  });

  it("leaves a damaged database as it is", async () => {
    const { dir, run } = await workplace({ listen: "127.0.0.1:0", operations: { listen: "127.0.0.1:0" } });
    const file = join(dir, "postern.db");
    const damage = Buffer.alloc(8192, "not a database ");
    await writeFile(file, damage);
    for (const command of [["serve"], ["users", "list"]]) {
      const { code, stdout, stderr } = await run(command);
      expect(stderr).toMatch(/postern\.db is not a SQLite database, or is damaged\. Restore it from a backup/);
      expect({ code, stdout }).toEqual({ code: 69, stdout: "" });
    }
    expect(await readFile(file)).toEqual(damage);
  });

  it("names a folder that cannot be written to", async () => {
    // A folder that nobody can write to, root included, who runs the tests in containers.
    const { run } = await workplace({ store: "sqlite:/sys/postern/postern.db" });
    const { code, stdout, stderr } = await run(["serve"]);
    expect(stderr).toContain("/sys/postern/postern.db");
    expect(stderr).toContain("write access");
    expect({ code, stdout }).toEqual({ code: 69, stdout: "" });
  });

  it("names a folder where the database should be", async () => {
    const { dir, run } = await workplace();
    await mkdir(join(dir, "postern.db"));
    const { code, stderr } = await run(["serve"]);
    expect(stderr).toContain("is a folder, not a database");
    expect(code).toBe(69);
    expect((await stat(join(dir, "postern.db"))).isDirectory()).toBe(true);
  });

  it("is refused on Redis without a secret that every gateway shares", async () => {
    const { call } = await workplace({ store: "redis://127.0.0.1:1" }, { POSTERN_SECRET: undefined });
    const { code, stderr } = await call(["serve"]);
    expect(stderr).toContain("POSTERN_SECRET: is required: gateways that share a store need the same one");
    expect(code).toBe(78);
  });
});

describe("a running gateway", () => {
  it("is worked on over HTTP as on its store, and both see what the other did", async () => {
    const gateway = await startGateway({ roles: { user: { scopes: ["orders:read"] }, admin: {} } });
    const remote = async (args: readonly string[], stdin?: string): Promise<Record<string, unknown>> => {
      const { code, stdout, stderr } = await gateway.cli([...args, "--url", gateway.operationsUrl, "--json"], stdin);
      expect(stderr).toBe("");
      expect(code).toBe(0);
      return JSON.parse(stdout);
    };
    const local = async (args: readonly string[]): Promise<unknown> =>
      JSON.parse((await gateway.cli([...args, "--json"])).stdout);

    const ana = await remote(["users", "add", "ana", "--role", "user", "--password-stdin"], PASSWORD);
    expect(await local(["users", "list"])).toEqual({ users: [ana] });
    expect(await remote(["users", "list"])).toEqual({ users: [ana] });

    const login = await fetch(`${gateway.url}/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json", "user-agent": "\u009b2Jevil" },
      body: JSON.stringify({ username: "ana", password: PASSWORD, refresh: "body" }),
    });
    const tokens = (await login.json()) as { access_token: string; refresh_token: string; session_id: string };
    const { sessions } = await remote(["sessions", "list", "ana"]);
    expect(sessions).toMatchObject([{ id: tokens.session_id, channel: "body" }]);
    expect(await local(["sessions", "list", "ana"])).toEqual({ sessions });
    expect((await gateway.cli(["sessions", "list", "ana"])).stdout).toContain("\\u{9b}2Jevil");

    const inspected = await gateway.cli(["token", "inspect"], tokens.access_token);
    expect(inspected.stdout).toContain("Good: a gateway takes it.");
    expect(inspected.stdout).not.toContain(tokens.access_token.split(".")[2]);
    expect(inspected.code).toBe(0);
    const refresh = await gateway.cli(["token", "inspect", "--json"], tokens.refresh_token);
    expect(JSON.parse(refresh.stdout)).toMatchObject({ kind: "refresh", session: tokens.session_id, verdict: "good" });
    for (const part of tokens.refresh_token.split(".").slice(-2)) expect(refresh.stdout).not.toContain(part);

    const { nodes } = (await local(["nodes"])) as { nodes: readonly { node: string }[] };
    expect(nodes).toHaveLength(1);
    const revoked = await gateway.cli(["revoke", "--token", "-", "--wait", "--json"], tokens.refresh_token);
    expect(JSON.parse(revoked.stdout)).toMatchObject({
      targets: [{ kind: "session", id: tokens.session_id }],
      ...{ sessions: 1, reached: [nodes[0]?.node], missing: [] },
    });
    const refused = await fetch(`${gateway.url}/auth/me`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    expect(await refused.json()).toMatchObject({ status: 401, code: "token_revoked" });
    const after = await gateway.cli(["token", "inspect"], tokens.access_token);
    expect(after).toMatchObject({ code: 1, stdout: expect.stringContaining("Revoked: a revocation names it.") });

    expect(await remote(["users", "disable", "ana"])).toMatchObject({ disabled: true });
    expect(await remote(["users", "delete", "ana"])).toMatchObject({ username: "ana" });
    expect(await local(["users", "list"])).toEqual({ users: [] });
    const logs = gateway.logs();
    for (const secret of [PASSWORD, tokens.access_token, tokens.refresh_token, gateway.adminToken]) {
      expect(logs).not.toContain(secret);
    }
  });

  it("that does not know the token, or is not there, is said to be so", async () => {
    const gateway = await startGateway();
    const other = await workplace({}, { POSTERN_ADMIN_TOKEN: "0123456789abcdef0123456789abcdef" });
    const wrong = await other.call(["users", "list", "--url", gateway.operationsUrl]);
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining("does not take POSTERN_ADMIN_TOKEN") });
    await gateway.stop();
    const gone = await other.call(["users", "list", "--url", gateway.operationsUrl]);
    expect(gone).toMatchObject({ code: 69, stderr: expect.stringContaining("No gateway answers at") });
    const without = await workplace({});
    const missing = await without.call(["users", "list", "--url", gateway.operationsUrl]);
    expect(missing).toMatchObject({
      code: 78,
      stderr: expect.stringContaining("POSTERN_ADMIN_TOKEN: is required with --url"),
    });
  });
});

describe("audit --follow", () => {
  it("shows what comes, one line a record", async () => {
    const { dir, json } = await workplace();
    const env = { PATH: process.env.PATH };
    const follow = startChild(process.execPath, [CLI, "audit", "--follow", "--json"], { cwd: dir, env });
    await json(["users", "add", "ana", "--password-stdin"], PASSWORD);
    await waitUntil(
      () => follow.output(),
      () => follow.output().includes("user_created"),
    );
    const [record] = follow.output().trim().split("\n");
    expect(JSON.parse(record ?? "")).toMatchObject({ kind: "user_created", actor: "cli" });
    await follow.stop();
  });
});
