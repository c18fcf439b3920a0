import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import type { AuditView } from "../../http/admin/administration.ts";
import { globalOptions, withAdmin } from "../context.ts";
import type { Io } from "../io.ts";
import { jsonText, visible, writeJson, writeLine } from "../output.ts";
import { count } from "./options.ts";

const FOLLOW_EVERY = 500;

/** `postern audit` */
export function auditCommand(parent: Command, io: Io): void {
  parent
    .command("audit")
    .description("the audit trail, oldest first: logins, endings, theft, revocations, acts of operators")
    .option("--user <user>", "only what is about this user, by name or id")
    .option("--limit <count>", "how many of the newest records to begin with", count, 50)
    .option("--follow", "go on with what comes, until interrupted")
    .addHelpText(
      "after",
      "\nWith --json a single answer is one document; with --follow each record is a line of its own.",
    )
    .action((options: { user?: string; limit: number; follow?: true }, command: Command) =>
      withAdmin(command, io, async (admin) => {
        const json = globalOptions(command).json === true;
        const user = options.user ?? null;
        const first = await admin.audit({ after: null, limit: options.limit, user });
        if (json && options.follow !== true) return writeJson(io, first);
        const write = (record: AuditView) => writeLine(io, json ? jsonText(record) : line(record));
        first.records.forEach(write);
        if (options.follow !== true) return;
        const interrupted = new AbortController();
        process.once("SIGINT", () => interrupted.abort());
        let after = first.next;
        while (!interrupted.signal.aborted) {
          await pause(FOLLOW_EVERY, undefined, { signal: interrupted.signal }).catch(() => undefined);
          const page = await admin.audit({ after, limit: 500, user });
          page.records.forEach(write);
          after = page.next;
        }
      }),
    );
}

function line(record: AuditView): string {
  const about = [record.sub, record.sid].filter((id) => id !== null).join(" ");
  const detail = Object.entries(record.detail).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const times = record.count === 1 ? [] : [`x${record.count}`];
  const from = record.address === null ? [] : [`from ${record.address}`];
  const by = `by ${record.actor}`;
  return visible(
    [record.at, record.kind, about, by, ...from, ...times, ...detail].filter((part) => part !== "").join("  "),
  );
}
