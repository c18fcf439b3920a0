import type { Command } from "commander";
import type { SessionView } from "../../http/admin/administration.ts";
import { globalOptions, withAdmin } from "../context.ts";
import type { Io } from "../io.ts";
import { writeJson, writeLine, writeTable } from "../output.ts";

/** `postern sessions …` */
export function sessionsCommand(parent: Command, io: Io): void {
  const sessions = parent.command("sessions").description("look at and end logins");

  sessions
    .command("list <user>")
    .description("the live sessions of a user, by name or id")
    .action((user: string, _options: object, command: Command) =>
      withAdmin(command, io, async (admin) => {
        const found = await admin.sessions(user);
        if (globalOptions(command).json) writeJson(io, found);
        else writeSessions(io, found.sessions);
      }),
    );

  sessions
    .command("end <session>")
    .description("end a session and its access tokens; repeating it is harmless")
    .option("--user <user>", "whose it is, where known")
    .action((sid: string, options: { user?: string }, command: Command) =>
      withAdmin(command, io, async (admin) => {
        const ended = await admin.endSession(sid, options.user ?? null);
        if (globalOptions(command).json) return writeJson(io, ended);
        const none = `There was no live session ${sid}; access tokens that name it are refused all the same.`;
        writeLine(io, ended.existed ? `Ended the session ${sid}.` : none);
      }),
    );
}

export function writeSessions(io: Io, sessions: readonly SessionView[]): void {
  const rows = sessions.map((session) => [
    session.id,
    session.createdAt,
    session.lastUsedAt,
    session.address,
    session.channel,
    session.userAgent,
  ]);
  writeTable(io, ["session", "created", "last used", "address", "channel", "user agent"], rows, "No live sessions.");
}
