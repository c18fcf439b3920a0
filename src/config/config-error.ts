import type { ConfigProblem } from "./problems.ts";

/** A configuration that cannot be used: everything that is wrong with it. No message shows a secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];
  /** What was read: in one of these is what must change. */
  readonly files: readonly string[];

  /** `source`: the file's name, or what else the problems are about. */
  constructor(source: string, problems: readonly ConfigProblem[], files: readonly string[] = []) {
    super([`${source} cannot be used:`, ...problems.map((problem) => `  ${formatProblem(problem)}`)].join("\n"));
    this.problems = problems;
    this.files = files;
  }
}

export const formatProblem = ({ path, message }: ConfigProblem): string =>
  path === "" ? message : `${path}: ${message}`;
