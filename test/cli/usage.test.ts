import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { workplace } from "./cli.ts";

describe("usage", () => {
  it.each([
    [["frobnicate"], "unknown command 'frobnicate'"],
    [["usres", "list"], "Did you mean users?"],
    [["users", "add"], "missing required argument 'name'"],
    [["users", "list", "--jsno"], "Did you mean --json?"],
    [["users", "add", "ana"], "use --password-stdin"],
    [["users", "roles", "ana"], "name the roles that the user is to have, or --none"],
    [["users", "import", "nowhere.jsonl"], "nowhere.jsonl cannot be read (ENOENT)"],
    [["revoke"], "say what to revoke: exactly one of"],
    [["revoke", "--all", "--user", "ana"], "say what to revoke: exactly one of"],
    [["audit", "--limit", "0"], "expected a whole number, 1 to 10000"],
    [["users", "list", "--url", "ftp://x"], "--url: expected the operations listener of a gateway"],
    [["token", "inspect"], "a token was expected"],
  ])("%j is wrong usage", async (args, message) => {
    const { call } = await workplace();
    const { code, stdout, stderr } = await call(args);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  it.each([
    ["serve"],
    ["init"],
    ["config"],
    ["users"],
    ["clients"],
    ["sessions"],
    ["revoke"],
    ["keys"],
    ["token"],
    ["audit"],
    ["nodes"],
  ])("%s --help helps without a configuration", async (command) => {
    const { run } = await workplace(null);
    const { code, stdout } = await run([command, "--help"]);
    expect(stdout).toMatch(new RegExp(`^Usage: postern ${command}`));
    expect(stdout).toContain("--config <file>");
    expect(code).toBe(0);
  });

  it("says its version", async () => {
    const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
    const { run } = await workplace(null);
    expect(await run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

describe("init", () => {
  it("writes a configuration that is good, keeps the data out of git, and overwrites nothing", async () => {
    const { dir, run } = await workplace(null);
    await writeFile(join(dir, ".gitignore"), "node_modules");
    const first = await run(["init"]);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toContain("postern serve");
    expect(await readFile(join(dir, ".gitignore"), "utf8")).toBe("node_modules\ndata/\n");
    expect(await run(["config", "check"])).toMatchObject({ code: 0, stderr: "" });

    const written = await readFile(join(dir, "postern.config.ts"), "utf8");
    const again = await run(["init"]);
    expect(again).toMatchObject({ code: 1, stdout: "" });
    expect(again.stderr).toContain("postern.config.ts is here already; nothing has been written.");
    expect(await readFile(join(dir, "postern.config.ts"), "utf8")).toBe(written);
    expect(await readFile(join(dir, ".gitignore"), "utf8")).toBe("node_modules\ndata/\n");
  });
});
