// A configuration that is a module is read again with all that it imports, whatever kind of module each is.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ConfigError } from "../../../../src/config/config-error.ts";
import { loadConfig } from "../../../../src/runtime/node/config-file.ts";
import { tempDir } from "../../../support/temp-dir.ts";

const ES = {
  outer: (name: string) => `import { page } from "./${name}";\nexport default { issuer, login: { page } };`,
  inner: (page: string) => `export const page = "${page}";`,
};
const COMMON = {
  outer: (name: string) => `const { page } = require("./${name}");\nmodule.exports = { issuer, login: { page } };`,
  inner: (page: string) => `exports.page = "${page}";`,
};

test.each([
  ["ts", "module", ES],
  ["ts", "commonjs", ES],
  ["js", "module", ES],
  ["js", "commonjs", COMMON],
  ["cjs", "module", COMMON],
])(".%s in a package of the type %s", async (extension, type, text) => {
  const dir = await tempDir();
  const [file, inner] = [join(dir, `own.${extension}`), join(dir, `page.${extension}`)];
  await writeFile(join(dir, "package.json"), JSON.stringify({ type }));
  const issuer = 'const issuer = "http://127.0.0.1:8080";\n';
  await writeFile(file, `${issuer}${text.outer(`page.${extension}`)}`);
  const load = () => loadConfig({ file, cwd: dir, env: {} });
  for (const page of ["/one", "/two"]) {
    await writeFile(inner, text.inner(page));
    const { config, files } = await load();
    expect([config.login.page, [...files].sort()]).toEqual([page, [file, inner].sort()]);
  }

  await writeFile(inner, "}");
  const error = await load().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigError);
  expect(error).toMatchObject({
    message: expect.stringContaining("it cannot be loaded: "),
    files: [file, inner],
  });

  await writeFile(
    file,
    `${issuer}${text.outer(`page.${extension}`).replace("login: { page }", "login: { page: () => page }")}`,
  );
  await writeFile(inner, text.inner("/three"));
  await expect(load()).rejects.toThrow("cannot be used:\n  what it exports is not data: () => page");
});
