import type { z } from "zod";
import { didYouMean } from "./closest.ts";
import { knownKeys } from "./json-schema.ts";

/** One thing that is wrong with a configuration: where, and what was expected or is to be done. */
export interface ConfigProblem {
  /** `routes[2].upstream`; a variable's name for the environment; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

export type Path = readonly PropertyKey[];

/** `["routes", 2, "upstream"]` as `routes[2].upstream`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    const name = String(key);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text === "" ? name : `${text}.${name}`;
  }, "");
}

export const problem = (path: Path, message: string): ConfigProblem => ({ path: formatPath(path), message });

/** What belongs elsewhere, by the key that it was written as. */
const ELSEWHERE = new Map([
  ["secret", "secrets come from the environment only: set POSTERN_SECRET"],
  ["adminToken", "secrets come from the environment only: set POSTERN_ADMIN_TOKEN"],
  ["password", "secrets come from the environment only"],
]);

/** Every problem in a list of issues: of a union the alternative that was meant, and one for each unknown key. */
export function toProblems(issues: readonly z.core.$ZodIssue[], base: Path = []): ConfigProblem[] {
  return issues.flatMap((issue): ConfigProblem[] => {
    const path = [...base, ...issue.path];
    switch (issue.code) {
      case "unrecognized_keys":
        return issue.keys.map((key) => problem([...path, key], unknownKey(key, path)));
      case "invalid_union": {
        const meant = issue.errors.find((branch) => branch.some(isInside));
        return meant === undefined ? [problem(path, issue.message)] : toProblems(meant, path);
      }
      case "invalid_key":
        return issue.issues.map((inner) => problem(path, inner.message));
      case "invalid_value": {
        const values = issue.values.map(String);
        const meant = typeof issue.input === "string" ? didYouMean(issue.input, values) : "";
        return [problem(path, issue.message + meant)];
      }
      default:
        return [problem(path, issue.message)];
    }
  });
}

/** Whether an issue is about a part of the value: then the value has the shape of this alternative. */
const isInside = (issue: z.core.$ZodIssue): boolean => issue.path.length > 0 || issue.code === "unrecognized_keys";

function unknownKey(key: string, path: Path): string {
  const elsewhere = ELSEWHERE.get(key);
  if (elsewhere !== undefined) return elsewhere;
  const known = knownKeys(path);
  return `is not an option${didYouMean(key, known) || `; there are ${known.join(", ")}`}`;
}
