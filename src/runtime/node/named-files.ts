import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type ConfigProblem, type Path, problem } from "../../config/problems.ts";

/** Reads the files that a configuration names, and keeps all that is wrong with them. */
export class NamedFiles {
  readonly problems: ConfigProblem[] = [];
  readonly #folder: string;
  readonly #files = new Set<string>();

  /** Relative names are meant from `folder`. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What has been read, or could not be. */
  get files(): readonly string[] {
    return [...this.#files];
  }

  /** The file's text; empty where it cannot be read. */
  async read(at: Path, name: string): Promise<string> {
    const file = resolve(this.#folder, name);
    this.#files.add(file);
    return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      const why = error.code === "ENOENT" ? "there is no such file" : `it cannot be read (${error.code})`;
      this.problems.push(problem(at, `${JSON.stringify(name)}: ${why}`));
      return "";
    });
  }

  /** Tries out what has been read. */
  attempt<T>(at: Path, use: (value: T) => unknown, value: T): void {
    try {
      use(value);
    } catch (error) {
      // OpenSSL's message names the step, and nothing of the key.
      const why = error instanceof Error ? error.message : String(error);
      this.problems.push(problem(at, `cannot be used: ${why}`));
    }
  }
}
