import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runChild } from "../support/child.ts";
import { CLI } from "../support/gateway-process.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ROOT, startQuickstart } from "./quickstart-process.ts";

interface Step {
  readonly command: string;
  readonly output: string;
}

/** The commands of a ```console block with what each is said to print. */
function readTranscript(markdown: string): Step[] {
  const block = /^```console\n(.*?)^```$/ms.exec(markdown)?.[1] ?? "";
  const commands = block.split(/^\$ /m).slice(1);
  return commands.map((text) => {
    const command = /^(?:.*\\\n)*.*/.exec(text)?.[0] ?? "";
    return { command, output: text.slice(command.length).trim() };
  });
}

/** What differs from run to run is left out of a README by … and by numbers of seconds. */
function pattern(printed: string): RegExp {
  const literal = printed.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${literal.replace(/…/g, '[^"\\s]+').replace(/"expires_in":\d+/g, '"expires_in":\\d+')}$`);
}

test("the README's transcript prints what it says", async () => {
  const steps = readTranscript(await readFile(`${ROOT}README.md`, "utf8"));
  expect(steps.length).toBeGreaterThan(5);
  const { port, password, env } = await startQuickstart(await tempDir());
  const mark = "=== next ===";
  const script = steps.map(({ command }) => `${command}\nprintf '\\n%s\\n' '${mark}'\n`).join("");
  const ours = script
    .replaceAll("127.0.0.1:8080", `127.0.0.1:${port}`)
    .replace("PASSWORD='…'", `PASSWORD='${password}'`);

  const { stdout, stderr } = await runChild("bash", ["-c", ours], { cwd: ROOT, env });

  expect(stderr).toBe("");
  const printed = stdout.split(`\n${mark}\n`).map((text) => text.trim());
  for (const [index, { output }] of steps.entries()) expect(printed[index]).toMatch(pattern(output));
});

test("the README's configuration is a good one", async () => {
  const readme = await readFile(`${ROOT}README.md`, "utf8");
  const dir = await tempDir();
  await writeFile(join(dir, "postern.config.ts"), /^```ts\n(.*?)^```$/ms.exec(readme)?.[1] ?? "");
  const { code, stderr } = await runChild(process.execPath, [CLI, "config", "check"], { cwd: dir });
  expect(stderr).toBe("");
  expect(code).toBe(0);
});
