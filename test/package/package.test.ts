import { readFileSync } from "node:fs";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { request } from "undici";
import { beforeAll, describe, expect, test } from "vitest";
import { runChild, startChild } from "../support/child.ts";
import { freePort } from "../support/free-port.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitUntil } from "../support/wait-until.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const TSC = join(ROOT, "node_modules/.bin/tsc");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
const MANIFEST = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** The environment without what an npm around this test says to its own scripts. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith("npm_")));

/** What docs/edge.md has a user write; of several files with one name the first. */
const WORKER = Object.fromEntries(
  [...readFileSync(join(ROOT, "docs/edge.md"), "utf8").matchAll(/```(?:ts|toml)\n *(?:\/\/|#) (\S+)\n([\s\S]*?)```/g)]
    .reverse()
    .map(([, name = "", text = ""]) => [name, text]),
);

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

// What a user gets: the packed tarball, installed by npm into an empty project outside of the repository.
describe("the packed package", () => {
  let project: string;
  let packed: Packed;

  async function run(program: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runChild(program, args, { cwd: project, env });
    if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  beforeAll(async () => {
    project = await tempDir();
    const checkout = await copyOfCheckout();
    const pack = await runChild("npm", ["pack", "--json", "--pack-destination", project], { cwd: checkout, env });
    if (pack.code !== 0) throw new Error(`npm pack ended with ${pack.code}:\n${pack.stdout}${pack.stderr}`);
    packed = readPacked(pack.stdout);
    await writeFile(join(project, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
    await run("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", `./${packed.filename}`);
  }, 180_000);

  test("holds what it needs to run and nothing else", () => {
    const paths = packed.files.map((file) => file.path);
    expect(paths).toEqual(
      expect.arrayContaining([
        "package.json",
        "README.md",
        "LICENSE",
        "bin/postern.js",
        "dist/index.js",
        "dist/index.d.ts",
        "docs/configuration.md",
      ]),
    );
    const stray = paths.filter(
      (path) => !/^(?:bin|dist|docs|schema)\/|^(?:package\.json|README\.md|CHANGELOG\.md|LICENSE)$/.test(path),
    );
    expect(stray).toEqual([]);
    expect(paths.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))).toEqual([]);
  });

  test("every export exists, loads, and has types", async () => {
    // Workers are bundled, and their modules are the platform's: the next test does that.
    const names = Object.keys(MANIFEST.exports).filter((name) => name !== "./package.json" && name !== "./workers");
    const specifiers = names.map((name) => `postern${name.slice(1)}`);
    const script = specifiers.map((name) => `await import(${JSON.stringify(name)});`).join("\n");
    await run(process.execPath, "--input-type=module", "--eval", script);

    await writeFile(join(project, "consumer.ts"), await readFile(new URL("consumer.ts.txt", import.meta.url), "utf8"));
    const used = await readFile(join(project, "consumer.ts"), "utf8");
    for (const name of specifiers) expect(used).toContain(`"${name}"`);
    const types = join(ROOT, "node_modules/@types");
    const options = {
      module: "nodenext",
      target: "es2024",
      strict: true,
      noEmit: true,
      types: ["node"],
      typeRoots: [types],
    };
    const config = { compilerOptions: { ...options, skipLibCheck: false }, files: ["consumer.ts"] };
    await writeFile(join(project, "tsconfig.json"), JSON.stringify(config));
    expect(await run(TSC, "--project", "tsconfig.json")).toBe("");
  });

  test("a Worker is ten lines over it, which wrangler bundles", async () => {
    const folder = join(project, "edge");
    await mkdir(folder);
    for (const [name, text] of Object.entries(WORKER)) await writeFile(join(folder, name), text);
    const types = ["@cloudflare/workers-types"];
    const options = {
      module: "esnext",
      moduleResolution: "bundler",
      target: "es2024",
      lib: ["es2024"],
      strict: true,
      allowImportingTsExtensions: true,
    };
    const compilerOptions = { ...options, noEmit: true, types, typeRoots: [join(ROOT, "node_modules")] };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["worker.ts"] }));
    expect(await run(TSC, "--project", "edge/tsconfig.json")).toBe("");
    const said = await run(process.execPath, WRANGLER, "deploy", "--dry-run", "--cwd", "edge", "--outdir", "bundle");
    expect(said).toContain("env.POSTERN_SQLITE (PosternStore)");
    expect(readFileSync(join(folder, "bundle/worker.js"), "utf8")).toContain("PosternStore");
  });

  test("the command says its version", async () => {
    expect((await run("npx", "--no-install", "postern", "--version")).trim()).toContain(MANIFEST.version);
  });

  test("init writes a configuration that is good and that serves", async () => {
    await run("npx", "--no-install", "postern", "init");
    await run("npx", "--no-install", "postern", "config", "check");

    const [port, operations] = [await freePort(), await freePort()];
    const config = {
      issuer: `http://127.0.0.1:${port}`,
      listen: `127.0.0.1:${port}`,
      operations: { listen: `127.0.0.1:${operations}` },
    };
    await writeFile(join(project, "serve.config.json"), JSON.stringify(config));
    const bin = join(project, "node_modules/.bin/postern");
    const gateway = startChild(bin, ["serve", "--config", "serve.config.json"], { cwd: project, env });
    await waitUntil(
      () => `postern serve is not ready; it wrote:\n${gateway.output()}`,
      async () => {
        if (gateway.process.exitCode !== null) throw new Error(`postern serve ended; it wrote:\n${gateway.output()}`);
        return (await statusOf(`http://127.0.0.1:${operations}/readyz`)) === 200;
      },
    );
    expect(await statusOf(`http://127.0.0.1:${port}/.well-known/jwks.json`)).toBe(200);
    await gateway.stop();
    expect(gateway.process.exitCode).toBe(0);
  });
});

/** What packing reads, in a folder of its own: it builds `dist` anew, which others may be using in the checkout. */
async function copyOfCheckout(): Promise<string> {
  const copy = await tempDir();
  await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
  const pages = ["README.md", "CHANGELOG.md", "LICENSE"];
  for (const entry of [
    "package.json",
    "tsconfig.json",
    "tsconfig.build.json",
    "scripts",
    "src",
    "bin",
    "schema",
    "docs",
    ...pages,
  ]) {
    await cp(join(ROOT, entry), join(copy, entry), { recursive: true });
  }
  return copy;
}

/** npm 10 and 11 answer with a list of packages, npm 12 with an object by name; a prepack script may write before it. */
function readPacked(stdout: string): Packed {
  const json = JSON.parse(stdout.slice(stdout.search(/^[[{]/m)));
  const [only] = Array.isArray(json) ? json : Object.values<Packed>(json);
  if (only === undefined) throw new Error(`npm pack named no tarball: ${stdout}`);
  return only;
}

async function statusOf(url: string): Promise<number> {
  try {
    const { statusCode, body } = await request(url, { reset: true });
    await body.dump();
    return statusCode;
  } catch {
    return 0;
  }
}
