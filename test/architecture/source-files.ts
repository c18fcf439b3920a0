import { readdirSync, readFileSync } from "node:fs";
import { dirname, posix } from "node:path";

export interface SourceFile {
  /** From `src/`, with forward slashes: `sessions/rotation.ts`. */
  readonly path: string;
  readonly text: string;
  /** The text without comments, strings and templates: what is left is code. */
  readonly code: string;
  readonly imports: readonly Import[];
}

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** From `src/` for a relative import, else null. */
  readonly path: string | null;
  /** True when only types are taken: nothing is left of it at run time. */
  readonly typeOnly: boolean;
}

const src = new URL("../../src/", import.meta.url);

/** Every source file, ordered by path. */
export function sourceFiles(): SourceFile[] {
  return readdirSync(src, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".ts"))
    .sort()
    .map((path) => readSource(path, readFileSync(new URL(path, src), "utf8")));
}

/** What there is to know about a file from its text. */
export function readSource(path: string, text: string): SourceFile {
  return { path, text, code: withoutWords(text), imports: importsOf(path, text) };
}

const IMPORT = /^\s*(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;

function importsOf(path: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map((match) => {
    const specifier = match[2] ?? match[3] ?? "";
    const relative = specifier.startsWith(".");
    return {
      specifier,
      path: relative ? posix.join(dirname(path), specifier) : null,
      typeOnly: match[1] !== undefined,
    };
  });
}

// In order: block comment, line comment, string, template, regular expression after something that cannot end a value.
const WORDS =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|(?<=[=(,:?&|!]\s*)\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g;

function withoutWords(text: string): string {
  // A template keeps what stands in its ${…}: that is code.
  return text.replace(WORDS, (word) =>
    word.startsWith("`") ? [...word.matchAll(/\$\{([^}]*)\}/g)].map((hole) => hole[1]).join("; ") : '""',
  );
}
