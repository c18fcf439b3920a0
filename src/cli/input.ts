import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { UsageError } from "./exit.ts";
import type { Io } from "./io.ts";

/** More than any password or token may have: what is piped in by mistake does not fill the memory. */
const MAX_INPUT = 64 * 1024;

/** All of standard input, without the newline at its end. */
export async function readStdin(io: Io): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of io.stdin) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MAX_INPUT) throw new UsageError(`standard input holds more than ${MAX_INPUT} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}

/** A new password: from standard input, or asked for twice without showing it. */
export async function readNewPassword(io: Io, fromStdin: boolean): Promise<string> {
  if (fromStdin) {
    const password = await readStdin(io);
    if (password === "") throw new UsageError("standard input is empty: a password was expected");
    return password;
  }
  if (io.stdin.isTTY !== true) throw new UsageError("there is no terminal to ask for a password: use --password-stdin");
  const password = await ask(io, "Password: ");
  if (password !== (await ask(io, "Again: "))) throw new UsageError("the two passwords differ");
  return password;
}

async function ask(io: Io, question: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: io.stdin, output: silent, terminal: true });
  // Asked once the terminal has stopped showing what is typed.
  io.stderr.write(question);
  const interrupted = new AbortController();
  lines.once("SIGINT", () => interrupted.abort());
  try {
    return await lines.question("", { signal: interrupted.signal });
  } catch {
    throw new UsageError("interrupted");
  } finally {
    lines.close();
    io.stderr.write("\n");
  }
}
