import { type Command, Option } from "commander";
import type { RevocationReport, RevocationRequestTarget } from "../../http/admin/administration.ts";
import { globalOptions, withAdmin } from "../context.ts";
import { Incomplete, UsageError } from "../exit.ts";
import { readStdin } from "../input.ts";
import type { Io } from "../io.ts";
import { note, plural, writeJson, writeLine } from "../output.ts";

interface RevokeOptions {
  readonly token?: string;
  readonly jti?: string;
  readonly session?: string;
  readonly user?: string;
  readonly client?: string;
  readonly key?: string;
  readonly all?: true;
  readonly before?: string;
  readonly reason?: string;
  readonly dryRun?: true;
  readonly wait?: true;
}

/** `postern revoke` */
export function revokeCommand(parent: Command, io: Io): void {
  parent
    .command("revoke")
    .description("end sessions and access tokens before their time, on every gateway")
    .option("--token <token>", "one access token, or the session of a refresh token; - reads standard input")
    .option("--jti <jti>", "one access token, by its jti")
    .option("--session <id>", "one session and its access tokens")
    .option("--user <user>", "every session and access token of a user, by name or id")
    .option("--client <id>", "every access token issued to a client")
    .option("--key <kid>", "a signing key, and every access token that it signed")
    .option("--all", "every session and every access token")
    .option(
      "--before <time>",
      "with --user, --client and --all: only what was issued until then (2026-01-31T12:00:00Z)",
    )
    .option("--reason <text>", "for the audit trail")
    .option("--dry-run", "change nothing, show what would end")
    .addOption(
      new Option("--wait", "return when every live gateway has seen it, 10 s at most; exit 1 names the others"),
    )
    .addHelpText(
      "after",
      `
--session, --user and --all end sessions with their access tokens. --token, --jti, --client and --key end access
tokens only: a session behind them can go on refreshing.

Examples:
  $ postern revoke --user ana --reason "lost laptop" --wait
  $ postern revoke --all --before 2026-01-31T12:00:00Z --dry-run
  $ postern revoke --token - < token.txt`,
    )
    .action(async (options: RevokeOptions, command: Command) => {
      const target = await readTarget(options, io);
      await withAdmin(command, io, async (admin) => {
        const { before, reason, dryRun, wait } = options;
        const report = await admin.revoke({ target, before, reason, dryRun, wait });
        if (globalOptions(command).json) writeJson(io, report);
        else writeReport(io, report);
        const missing = report.missing ?? [];
        if (missing.length === 0) return;
        const gateways = plural(missing.length, "gateway has", "gateways have");
        note(io, `It is stored, but ${gateways} not confirmed it yet: ${missing.join(", ")}`);
        throw new Incomplete("not every gateway has confirmed");
      });
    });
}

async function readTarget(options: RevokeOptions, io: Io): Promise<RevocationRequestTarget> {
  const { token, jti, session, user, client, key, all } = options;
  const target = { token, jti, session, user, client, key, all };
  const given = Object.values(target).filter((value) => value !== undefined);
  if (given.length !== 1) {
    throw new UsageError(
      "say what to revoke: exactly one of --token, --jti, --session, --user, --client, --key, --all",
    );
  }
  return token === "-" ? { token: await readStdin(io) } : target;
}

function writeReport(io: Io, report: RevocationReport): void {
  const verb = report.dryRun ? "Would revoke" : "Revoked";
  for (const { kind, id, before } of report.targets) {
    const name = id === null ? "everything" : `${kind} ${id}`;
    writeLine(io, `${verb} ${name}${before === null ? "" : ` issued until ${before}`}.`);
  }
  const ends = report.dryRun ? "Would end" : "Ended";
  writeLine(io, `${ends} ${plural(report.sessions, "session")} of ${plural(report.users, "user")}. ${report.note}`);
  if (report.reached === undefined) return;
  const none = "No gateway is running.";
  writeLine(io, report.reached.length === 0 ? none : `Seen by: ${report.reached.join(", ")}`);
}
