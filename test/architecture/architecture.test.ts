import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type SourceFile, sourceFiles } from "./source-files.ts";

/**
 * The layers in import order, each importing only from itself and from those before it: the first column of the table in
 * docs/architecture.md, whose last row holds the leaves.
 */
const ROWS = readFileSync(new URL("../../docs/architecture.md", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => [...(line.split("|")[1] ?? "").matchAll(/`([a-z/]+?)\/(?:\*\.ts)?`/g)].map((match) => match[1] ?? ""));
/** They go elsewhere than into a gateway, so they bring little of one along. */
const LEAVES = ROWS.at(-1) ?? [];
const LAYERS = ROWS.slice(0, -1).flat();
const LEAF_IMPORTS = ["protocol", "lib"];
/** The checks that a gateway makes, for a service that must make the same ones: pure, and by the next test without a package. */
const CHECKS = ["keys", "tokens", "revocation", "authn", "policy"];
/** What the package's entry points may import from: everything. */
const ENTRY_POINTS = ["index.ts"];

/** The rim: sockets, files, environment, clock and timers are touched here only. */
const RIM = ["runtime/redis", "runtime/node", "runtime/workers", "cli"];
/** Outside of the rim: a service that uses the verifier need not bring a clock. */
const OWN_CLOCK = ["verifier/platform.ts"];

const MAX_LINES = 400;
const MEDIAN_LINES = 130;

const files = sourceFiles();

/** The layer of a path from `src/`: the deepest one whose folder it lies in. */
function layerOf(path: string): string | null {
  const holds = [...LAYERS, ...LEAVES].filter((layer) => path.startsWith(`${layer}/`));
  return holds.sort((a, b) => b.length - a.length)[0] ?? null;
}

function inRim(file: SourceFile): boolean {
  return RIM.includes(layerOf(file.path) ?? "");
}

function mayImport(from: SourceFile, to: string): boolean {
  const layer = layerOf(from.path);
  const target = layerOf(to);
  if (layer === null) return ENTRY_POINTS.includes(from.path);
  if (target === null) return false;
  if (target === layer) return true;
  if (layer === "verifier" && CHECKS.includes(target)) return true;
  if (LEAVES.includes(layer)) return LEAF_IMPORTS.includes(target);
  return LAYERS.includes(target) && LAYERS.indexOf(target) < LAYERS.indexOf(layer);
}

describe("architecture", () => {
  test("the table in docs/architecture.md names the layers that there are", () => {
    expect(LAYERS.slice(0, 2)).toEqual(LEAF_IMPORTS);
    expect(LEAVES).toEqual(["verifier"]);
    const inUse = new Set(files.map((file) => layerOf(file.path)));
    expect([...LAYERS, ...LEAVES].filter((layer) => !inUse.has(layer))).toEqual([]);
  });

  test("every file stands in a layer or is an entry point", () => {
    const astray = files.filter((file) => layerOf(file.path) === null && !ENTRY_POINTS.includes(file.path));
    expect(astray.map((file) => file.path)).toEqual([]);
  });

  test("imports go from later layers to earlier ones", () => {
    const wrong = files.flatMap((file) =>
      file.imports
        .filter((found) => found.path !== null && !mayImport(file, found.path))
        .map((found) => `${file.path} imports ${found.path}`),
    );
    expect(wrong).toEqual([]);
  });

  test("what goes into a service brings no package but jose, and no store", () => {
    const brought = new Map<string, SourceFile>();
    const bring = (path: string): void => {
      const file = files.find((one) => one.path === path);
      if (file === undefined || brought.has(path)) return;
      brought.set(path, file);
      for (const { path: next, typeOnly } of file.imports) if (next !== null && !typeOnly) bring(next);
    };
    for (const { path } of files) if (layerOf(path) === "verifier") bring(path);
    const packages = [...brought.values()].flatMap((file) =>
      file.imports.filter((found) => found.path === null && !found.typeOnly).map((found) => found.specifier),
    );
    expect(packages.filter((name) => name !== "jose")).toEqual([]);
    expect([...brought.keys()].filter((path) => /stor|password|session/.test(path))).toEqual([]);
  });

  test("no circle of files that need each other at run time", () => {
    expect(circles(files)).toEqual([]);
  });

  test("only the rim names a runtime", () => {
    const wrong = files
      .filter((file) => !inRim(file))
      .flatMap((file) => [
        ...file.imports
          .filter((found) => found.specifier.startsWith("node:") || found.specifier.startsWith("cloudflare:"))
          .map((found) => `${file.path} imports ${found.specifier}`),
        ...(/\bprocess\s*\.|\bBuffer\s*\.|\b__dirname\b|\bimport\.meta\b/.test(file.code)
          ? [`${file.path} uses a global of Node`]
          : []),
      ]);
    expect(wrong).toEqual([]);
  });

  test("only the rim reads the clock or sets a timer", () => {
    const clock = /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bset(?:Timeout|Interval|Immediate)\b/;
    const wrong = files.filter((file) => !inRim(file) && clock.test(file.code)).map((file) => file.path);
    expect(wrong.filter((path) => !OWN_CLOCK.includes(path))).toEqual([]);
  });

  test("protocol and lib bring no package but jose", () => {
    const packages = files
      .filter((file) => ["protocol", "lib"].includes(layerOf(file.path) ?? ""))
      .flatMap((file) => file.imports.filter((found) => found.path === null).map((found) => found.specifier));
    expect(packages.filter((name) => name !== "jose")).toEqual([]);
  });

  test("no type is given up: no any, no non-null assertion, no silenced check", () => {
    const given = /\bas any\b|[:<,|(]\s*any\b(?!\s*\()|\bany\[\]/;
    const silenced = /@ts-(?:ignore|nocheck|expect-error)|biome-ignore/;
    const wrong = files.filter((file) => given.test(file.code) || silenced.test(file.text));
    expect(wrong.map((file) => file.path)).toEqual([]);
  });

  test("files are small", () => {
    const lines = files.map((file) => ({ path: file.path, lines: file.text.split("\n").length - 1 }));
    expect(lines.filter((file) => file.lines > MAX_LINES)).toEqual([]);
    const median = lines.map((file) => file.lines).sort((a, b) => a - b)[Math.floor(lines.length / 2)] ?? 0;
    expect(median).toBeLessThanOrEqual(MEDIAN_LINES);
  });
});

/** Circles of imports that are left at run time, each as the path around it. */
function circles(all: readonly SourceFile[]): string[] {
  const byPath = new Map(all.map((file) => [file.path, file]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const seen = trail.indexOf(path);
    if (seen >= 0) {
      found.push([...trail.slice(seen), path].join(" -> "));
      return;
    }
    if (done.has(path)) return;
    for (const next of byPath.get(path)?.imports ?? []) {
      if (next.path !== null && !next.typeOnly) visit(next.path, [...trail, path]);
    }
    done.add(path);
  };
  for (const file of all) visit(file.path, []);
  return found;
}
