import { expect, test } from "vitest";
import { readSource } from "./source-files.ts";

test("imports are found in every form that they take", () => {
  const file = readSource(
    "app/a.ts",
    `import { b } from "../lib/b.ts";
import type { C } from "./c.ts";
import {
  d,
  type E,
} from "node:fs";
import "./side.ts";
export { f } from "../f.ts";
export type * from "../g.ts";
const h = await import("./h.ts");
// import { i } from "./i.ts";
const text = 'import { j } from "./j.ts"';
`,
  );
  expect(file.imports).toEqual([
    { specifier: "../lib/b.ts", path: "lib/b.ts", typeOnly: false },
    { specifier: "./c.ts", path: "app/c.ts", typeOnly: true },
    { specifier: "node:fs", path: null, typeOnly: false },
    { specifier: "./side.ts", path: "app/side.ts", typeOnly: false },
    { specifier: "../f.ts", path: "f.ts", typeOnly: false },
    { specifier: "../g.ts", path: "g.ts", typeOnly: true },
    { specifier: "./h.ts", path: "app/h.ts", typeOnly: false },
  ]);
});

test("comments and words are no code, what a template computes is", () => {
  const { code } = readSource(
    "a.ts",
    `const a = "Date.now()"; // any
/* process.env */ const b = \`any \${Date.now()} x\`; const r = /any"/; const c = 1;`,
  );
  expect(code).toContain("Date.now()");
  expect(code.match(/Date\.now/g)).toHaveLength(1);
  expect(code).not.toMatch(/any|process/);
  expect(code).toContain("const c = 1");
});
