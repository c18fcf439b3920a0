import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runChild } from "../support/child.ts";
import { tempDir } from "../support/temp-dir.ts";

const BIN = new URL("../../bin/postern.js", import.meta.url).pathname;

/** Runs the published program under a Node that says it has this version. */
async function runUnder(version: string, args: readonly string[]) {
  const dir = await tempDir();
  const preload = join(dir, "version.cjs");
  const versions = `{ ...process.versions, node: ${JSON.stringify(version)} }`;
  await writeFile(preload, `Object.defineProperty(process, "versions", { value: ${versions} });`);
  return runChild(process.execPath, ["--require", preload, BIN, ...args], {
    cwd: dir,
    env: { PATH: process.env.PATH },
  });
}

it.each(["18.20.8", "20.20.2", "22.18.0"])("an old Node, %s, is told which one is needed", async (version) => {
  expect(await runUnder(version, ["--version"])).toEqual({
    code: 1,
    stdout: "",
    stderr: `postern: Node 22.19 or later is needed; this is Node ${version}.\n`,
  });
});

it.each(["22.19.0", "24.21.0", "26.0.0"])("Node %s is taken", async (version) => {
  expect(await runUnder(version, ["--version"])).toMatchObject({ code: 0, stderr: "" });
});

it("passes on how a command ended", async () => {
  expect(await runUnder("24.21.0", ["frobnicate"])).toMatchObject({ code: 2 });
  expect(await runUnder("24.21.0", ["users", "list"])).toMatchObject({ code: 78 });
});
