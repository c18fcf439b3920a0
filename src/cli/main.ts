import { packageVersion } from "../runtime/node/package-version.ts";
import { describeFailure } from "./exit.ts";
import type { Io } from "./io.ts";
import { note } from "./output.ts";
import { createProgram } from "./program.ts";

const io: Io = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
};

// Whoever reads our output may stop reading: `postern audit | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exitCode ??= 0;
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

try {
  await createProgram(io, packageVersion()).parseAsync(process.argv);
} catch (error) {
  const { code, message } = describeFailure(error);
  if (message !== null) note(io, `postern: ${message}`);
  process.exitCode = code;
}
