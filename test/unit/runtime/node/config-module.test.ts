import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readModule } from "../../../../src/runtime/node/config-module.ts";
import { tempDir } from "../../../support/temp-dir.ts";

test.each([
  ["a loop without an end", "while (true);"],
  ["an answer that never comes", "setInterval(() => {}, 1000); await new Promise(() => {}); export default {};"],
])("a configuration that does not end is given up: %s", async (_what, source) => {
  const path = join(await tempDir(), "postern.config.ts");
  await writeFile(path, source);
  expect(await readModule(path, 1000)).toEqual({
    ok: false,
    message: "it has not ended after 1 seconds",
    files: [path],
  });
});
