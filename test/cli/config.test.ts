import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { selfSigned } from "../support/certificates.ts";
import { workplace } from "./cli.ts";

const issuer = "https://app.example.com";

describe("config check", () => {
  it("says what to do where there is no configuration", async () => {
    for (const command of [["serve"], ["config", "check"], ["users", "list"]]) {
      const { call } = await workplace(null);
      const { code, stdout, stderr } = await call(command);
      expect(stderr).toContain("make one with `postern init`, or name one with --config");
      expect({ code, stdout }).toEqual({ code: 78, stdout: "" });
    }
  });

  it("names every problem of file and environment at once and shows no secret", async () => {
    const config = {
      issuer: "http://app.example.com",
      store: "redis://:hunter2@redis",
      routes: [{ path: "a", upstream: "b" }],
    };
    const { call } = await workplace(config, { POSTERN_SECRET: "hunter2", POSTERN_ADMIN_TOKEN: "hunter2" });
    for (const command of [["config", "check"], ["serve"]]) {
      const { code, stderr } = await call(command);
      expect(code).toBe(78);
      const lines = stderr.trim().split("\n");
      expect(lines[0]).toMatch(/postern\.config\.json cannot be used:$/);
      expect(lines.slice(1).map((line) => line.trim().split(":")[0])).toEqual([
        "issuer",
        "routes[0].path",
        "store",
        "routes[0].upstream",
        "POSTERN_SECRET",
        "POSTERN_ADMIN_TOKEN",
      ]);
      expect(stderr).not.toContain("hunter2");
    }
  });

  it("tries the files that upstreams name, beside the configuration", async () => {
    const [ours, other] = [await selfSigned("gateway.internal"), await selfSigned("other.internal")];
    const to = (tls: Record<string, string>) => ({ targets: ["https://a"], tls });
    const { call, dir } = await workplace({
      upstreams: {
        good: to({ ca: "./tls/ca.pem", cert: "tls/gateway.pem", key: "tls/gateway.key" }),
        missing: to({ ca: "ca.pem", cert: "gateway.pem", key: "tls/gateway.key" }),
        empty: to({ ca: "tls/notes.txt" }),
        damaged: to({ ca: "tls/damaged.pem" }),
        mixed: to({ cert: "tls/gateway.pem", key: "tls/other.key" }),
      },
    });
    await mkdir(join(dir, "tls"));
    const files = {
      "ca.pem": other.cert,
      "gateway.pem": ours.cert,
      "gateway.key": ours.key,
      "other.key": other.key,
      "notes.txt": "ask Ines",
      "damaged.pem": ours.cert.replace(/\n[^-]/, "\n!"),
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(dir, "tls", name), text);
    const { code, stderr } = await call(["config", "check"]);
    const lines = stderr.trim().split("\n").slice(1);
    expect(lines.map((line) => line.trim())).toEqual([
      'upstreams.missing.tls.ca: "ca.pem": there is no such file',
      'upstreams.missing.tls.cert: "gateway.pem": there is no such file',
      "upstreams.empty.tls.ca: cannot be used: it holds no certificate",
      expect.stringMatching(/^upstreams\.damaged\.tls\.ca: cannot be used: /),
      expect.stringMatching(/^upstreams\.mixed\.tls\.cert: cannot be used: .*key values mismatch/),
    ]);
    expect(code).toBe(78);
    expect(stderr).not.toContain(other.key.split("\n")[1]);
  });

  it("names routes that cannot be reached or lie under a reserved path, as warnings", async () => {
    const { run, json } = await workplace({
      routes: [{ path: "/auth/*" }, { path: "/a" }, { path: "/a", methods: ["GET"] }],
    });
    const { code, stdout, stderr } = await run(["config", "check"]);
    expect(stderr).toMatch(/^warning: routes\[0\]: .*\nwarning: routes\[2\]: .*\n$/);
    expect(stdout).toContain("is good, with 2 warnings.");
    expect(code).toBe(0);
    expect(await json(["config", "check"])).toMatchObject({ warnings: [{ path: "routes[0]" }, { path: "routes[2]" }] });
  });

  it("says what has no effect on Workers, or is not possible there, where it is asked to", async () => {
    const upstream = { targets: ["https://a"], balance: "round-robin", health: { path: "/" }, maxPending: 5 };
    const { run } = await workplace({ upstreams: { up: upstream } });
    expect((await run(["config", "check"])).stderr).toBe("");
    const odd = await run(["config", "check", "--workers"]);
    expect(odd.stderr).toBe(
      "warning: upstreams.up.health: has no effect on Workers\nwarning: upstreams.up.maxPending: has no effect on Workers\n",
    );
    expect(odd.code).toBe(0);
    const wrong = await workplace({ upstreams: { up: { targets: ["https://a"], host: "client" } } });
    const refused = await wrong.run(["config", "check", "--workers"]);
    expect([refused.code, refused.stderr]).toEqual([78, expect.stringContaining("upstreams.up.host: must be")]);
  });

  it.each([
    ["postern.config.json", "{", "it is not JSON"],
    ["postern.config.json", "null", "expected an object, got null"],
    ["postern.config.ts", "export const a = 1;", "it has no default export"],
    ["postern.config.ts", "export default {", "it cannot be loaded"],
    ["postern.config.ts", "export default {\n  a: 1\n  b: 2,\n};", "postern.config.ts:3)"],
    ["postern.config.js", "throw new Error('out of paper')", "out of paper"],
  ])("%s that holds %j", async (name, text, message) => {
    const { dir, run } = await workplace(null);
    await writeFile(join(dir, name), text);
    const { code, stderr } = await run(["config", "check"]);
    expect(stderr).toContain(message);
    expect(code).toBe(78);
  });

  it.each(["commonjs", "module", undefined])(
    "reads what `init` writes, and what it imports, in a package of the type %s",
    async (type) => {
      const { dir, call, run } = await workplace(null);
      await writeFile(join(dir, "package.json"), JSON.stringify({ name: "own", type }));
      expect(await call(["init"])).toMatchObject({ code: 0, stderr: "" });
      const file = join(dir, "postern.config.ts");
      const text = await readFile(file, "utf8");
      await writeFile(join(dir, "names.ts"), `export const issuer: string = "${issuer}";`);
      const own = text.replace('issuer: "http://127.0.0.1:8080"', "issuer");
      await writeFile(file, `import { issuer } from "./names.ts";\n${own}`);
      const { code, stdout, stderr } = await run(["config", "print"]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(JSON.parse(stdout)).toMatchObject({ issuer });
    },
  );

  it("does not choose between two configurations", async () => {
    const { dir, run } = await workplace();
    await writeFile(join(dir, "postern.config.js"), `export default { issuer: "${issuer}" };`);
    const { code, stderr } = await run(["config", "check"]);
    expect(stderr).toContain("name one with --config");
    expect(code).toBe(78);
    expect(await run(["config", "check", "--config", "postern.config.js"])).toMatchObject({ code: 0 });
  });

  it("reads TypeScript, finds postern wherever it is installed, and takes a file's database from beside it", async () => {
    const { dir, run } = await workplace(null);
    await mkdir(join(dir, "etc"));
    const text = `import { defineConfig } from "postern";
type Name = string;
const issuer: Name = "${issuer}";
export default defineConfig({ issuer });`;
    await writeFile(join(dir, "etc", "gateway.ts"), text);
    const { stdout, stderr } = await run(["config", "print", "--config", "etc/gateway.ts"]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ issuer, store: `sqlite:${join(dir, "etc", "data", "postern.db")}` });
  });
});

describe("config print", () => {
  it("fills in defaults, and hides the password of the store", async () => {
    const { json } = await workplace({ issuer }, { POSTERN_STORE: "redis://me:hunter2@redis:6379" });
    const printed = await json(["config", "print"]);
    expect(printed).toMatchObject({
      issuer,
      store: "redis://me:***@redis:6379",
      tokens: { access: { ttl: "5m" } },
      roles: { user: { scopes: ["orders:read"] } },
    });
  });

  it("prints what can be used as a file", async () => {
    const { dir, run, json } = await workplace({ routes: [{ path: "/a", access: "optional" }] });
    const { stdout } = await run(["config", "print"]);
    await writeFile(join(dir, "again.json"), stdout);
    expect(await json(["config", "print", "--config", "again.json"])).toEqual(JSON.parse(stdout));
  });
});
