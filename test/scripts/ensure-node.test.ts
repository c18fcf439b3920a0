import { expect, test } from "vitest";
import { runChild } from "../support/child.ts";

const SCRIPT = new URL("../../scripts/ensure-node.cjs", import.meta.url).pathname;

/** Loads the script in a Node that says it is another version. */
function load(version: string) {
  const pretend = `Object.defineProperty(process.versions, "node", { value: ${JSON.stringify(version)} });`;
  return runChild(
    process.execPath,
    ["--eval", `${pretend} require(${JSON.stringify(SCRIPT)}); console.log("goes on")`],
    {},
  );
}

test.each(["18.0.0", "20.20.2", "22.18.0"])(
  "Node %s is told what to do, before anything else runs",
  async (version) => {
    const { code, stdout, stderr } = await load(version);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toContain(`This is Node ${version}; Postern needs 22.19 or newer.`);
    expect(stderr).toContain("npm rebuild node");
  },
);

test.each(["22.19.0", "24.0.0", "26.1.0"])("Node %s goes on", async (version) => {
  expect(await load(version)).toEqual({ code: 0, stdout: "goes on\n", stderr: "" });
});
