import type { Command } from "commander";
import { createSecretRing } from "../../keys/secrets.ts";
import { resolveSecrets } from "../../runtime/node/secret-file.ts";
import { nodeSignatureCheck } from "../../runtime/node/signature.ts";
import { createRefreshTokens } from "../../sessions/refresh-token-codec.ts";
import { globalOptions, loadConfigFor, withStore } from "../context.ts";
import { Incomplete, UsageError } from "../exit.ts";
import { readStdin } from "../input.ts";
import type { Io } from "../io.ts";
import { note, writeFacts, writeJson, writeLine } from "../output.ts";
import { relativeTime } from "../relative-time.ts";
import { inspectToken, type TokenReport } from "../token-report.ts";

/** `postern token …` */
export function tokenCommand(parent: Command, io: Io): void {
  const token = parent.command("token").description("look into tokens");
  token
    .command("inspect [token]")
    .description("show what a token says and whether a gateway would take it (exit 1: it would not)")
    .option("--token <token>", "the token, in place of the argument")
    .addHelpText(
      "after",
      `
Without a token, or with -, it is read from standard input, where other users of the machine cannot see it. Signatures
and random parts are never shown.

Example:
  $ postern token inspect < token.txt`,
    )
    .action(async (argument: string | undefined, options: { token?: string }, command: Command) => {
      if (globalOptions(command).url !== undefined) {
        throw new UsageError("token inspect reads the configured store: leave --url out");
      }
      const given = argument ?? options.token ?? "-";
      const text = (given === "-" ? await readStdin(io) : given).trim();
      if (text === "") throw new UsageError("a token was expected");
      const loaded = await loadConfigFor(command, io);
      await withStore(loaded, async (store) => {
        const { secrets, notice } = await resolveSecrets(loaded.config, loaded.environment);
        if (notice !== null) note(io, notice);
        const refreshTokens = createRefreshTokens(await createSecretRing(secrets));
        const context = { store, config: loaded.config, signature: nodeSignatureCheck, refreshTokens };
        const report = await inspectToken(context, text);
        if (globalOptions(command).json) writeJson(io, report);
        else writeReport(io, report, await store.time({}));
        if (report.verdict !== "good") throw new Incomplete("no gateway would take it");
      });
    });
}

function writeReport(io: Io, report: TokenReport, now: number): void {
  switch (report.kind) {
    case "jwt":
      writeFacts(io, [...facts("header.", report.header), ...facts("", report.claims)]);
      writeLine(io, "");
      writeFacts(
        io,
        Object.entries(report.times).map(([name, time]) => [name, `${time}  ${relativeTime(Date.parse(time), now)}`]),
      );
      break;
    case "refresh": {
      const { verdict: _verdict, why: _why, kind: _kind, ...parts } = report;
      writeFacts(io, [["kind", "refresh token"], ...facts("", parts)]);
      break;
    }
    case "unknown":
      break;
  }
  writeLine(io, `${VERDICTS[report.verdict]}: ${report.why}.`);
}

const VERDICTS: Readonly<Record<TokenReport["verdict"], string>> = {
  good: "Good",
  expired: "Expired",
  revoked: "Revoked",
  not_verified: "Not verified",
  not_current: "Not the current token",
  ended: "Ended",
};

const facts = (prefix: string, members: object): (readonly [string, string])[] =>
  Object.entries(members).map(([name, value]) => [
    prefix + name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
