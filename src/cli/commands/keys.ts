import type { Command } from "commander";
import type { KeyView } from "../../http/admin/administration.ts";
import { globalOptions, withAdmin } from "../context.ts";
import type { Io } from "../io.ts";
import { note, writeJson, writeTable } from "../output.ts";

/** `postern keys …` */
export function keysCommand(parent: Command, io: Io): void {
  const keys = parent.command("keys").description("the keys that sign tokens; they rotate by themselves");

  keys
    .command("list")
    .description("every key and what it does now")
    .action((_options: object, command: Command) =>
      withAdmin(command, io, async (admin) => {
        const found = await admin.keys();
        if (globalOptions(command).json) writeJson(io, found);
        else writeKeys(io, found.keys);
      }),
    );

  keys
    .command("rotate")
    .description("make a new key now; it signs once every verifier can know it")
    .addHelpText("after", "\nTo drop a compromised key at once: postern revoke --key KID")
    .action((_options: object, command: Command) =>
      withAdmin(command, io, async (admin) => {
        const found = await admin.rotateKeys();
        if (globalOptions(command).json) return writeJson(io, found);
        writeKeys(io, found.keys);
        note(io, "The newest key takes over signing at the time shown.");
      }),
    );
}

function writeKeys(io: Io, keys: readonly KeyView[]): void {
  const rows = keys.map((key) => [key.kid, key.alg, key.state, key.signsFrom, key.signsUntil, key.removeAt]);
  const none = "There are no keys yet: the first gateway to start makes one.";
  writeTable(io, ["kid", "alg", "state", "signs from", "signs until", "kept until"], rows, none);
}
