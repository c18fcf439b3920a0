import { packageVersion } from "../runtime/node/package-version.ts";
import { describeFailure, EXIT, type ExitCode } from "./exit.ts";
import type { Io } from "./io.ts";
import { note } from "./output.ts";
import { createProgram } from "./program.ts";

/** Runs one command line, without the program's name, to its end. Never rejects. */
export async function runCommand(args: readonly string[], io: Io): Promise<ExitCode> {
  try {
    await createProgram(io, packageVersion()).parseAsync(args, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    const { code, message } = describeFailure(error);
    if (message !== null) note(io, `postern: ${message}`);
    return code;
  }
}
