import { readdirSync, readFileSync, statSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { VERSION } from "../../src/runtime/workers/version.ts";
import { tempDir } from "../support/temp-dir.ts";
import { bundleWorker, type WorkerBundle } from "../support/worker-bundle.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** What runs on Node only. A package that is here would be dead weight, or would fail where it is first used. */
const NODE_ONLY = ["@node-rs", "undici", "ws", "pino", "prom-client", "@hono/node-server", "commander", "ioredis"];
/** Workers of the free plan may have this many bytes, compressed. */
const FREE_PLAN = 3 * 1024 * 1024;

describe("the bundle of the Worker in examples/edge", () => {
  let bundle: WorkerBundle;
  let inputs: string[];

  beforeAll(async () => {
    bundle = await bundleWorker(join(ROOT, "examples/edge/worker.ts"), join(await tempDir(), "bundle"));
    const parts = Object.values(bundle.metafile.outputs).flatMap((output) => Object.entries(output.inputs));
    inputs = parts.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
  });

  test("holds nothing that runs on Node only", () => {
    const packages = inputs.filter((path) => NODE_ONLY.some((name) => path.includes(`node_modules/${name}/`)));
    expect(packages).toEqual([]);
    expect(inputs.filter((path) => /src\/(?:runtime\/(?:node|redis)|stores\/redis|metrics|cli)\//.test(path))).toEqual(
      [],
    );
    expect(inputs.some((path) => path.includes("src/runtime/workers/"))).toBe(true);
  });

  test("asks the platform for its own modules only", () => {
    const asked = Object.values(bundle.metafile.outputs).flatMap(({ imports }) =>
      imports.filter(({ external }) => external),
    );
    expect([...new Set(asked.map(({ path }) => path))]).toEqual(["cloudflare:workers"]);
    expect(asked.filter(({ path }) => builtinModules.includes(path))).toEqual([]);
  });

  test("is small", () => {
    const files = readdirSync(bundle.folder).map((name) => join(bundle.folder, name));
    const size = files.reduce((sum, file) => sum + statSync(file).size, 0);
    const compressed = files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
    const kilobytes = (bytes: number): string => `${Math.round(bytes / 1024)} KiB`;
    console.log(`the Worker's bundle: ${kilobytes(size)}, ${kilobytes(compressed)} compressed`);
    expect(compressed).toBeLessThan(FREE_PLAN / 2);
  });

  test("says the package's version", () => {
    expect(VERSION).toBe(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version);
  });
});
