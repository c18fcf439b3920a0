import type { Command } from "commander";
import { globalOptions, withAdmin } from "../context.ts";
import type { Io } from "../io.ts";
import { note, words, writeFacts, writeJson, writeLine, writeTable } from "../output.ts";
import { collect } from "./options.ts";

/** `postern clients …` */
export function clientsCommand(parent: Command, io: Io): void {
  const clients = parent.command("clients").description("services that get tokens with a secret of their own");
  const once = "The secret is shown this once; only its hash is kept.";

  clients
    .command("add <name>")
    .description("make a client and show its secret")
    .option("--scope <scope>", "a scope that it can get; may be repeated", collect, [])
    .addHelpText("after", '\nExample:\n  $ postern clients add "nightly report" --scope orders:read')
    .action((name: string, options: { scope: string[] }, command: Command) =>
      withAdmin(command, io, async (admin) => {
        const client = await admin.createClient({ name, scopes: options.scope });
        if (globalOptions(command).json) return writeJson(io, client);
        writeFacts(io, [
          ["client_id", client.id],
          ["client_secret", client.secret],
          ["scopes", words(client.scopes)],
        ]);
        note(io, once);
      }),
    );

  clients
    .command("list")
    .description("every client, those of the configuration too")
    .action((_options: object, command: Command) =>
      withAdmin(command, io, async (admin) => {
        const found = await admin.clients();
        if (globalOptions(command).json) return writeJson(io, found);
        const rows = found.clients.map((client) => {
          return [client.id, client.name, words(client.scopes), client.source, client.createdAt ?? "-"];
        });
        writeTable(io, ["id", "name", "scopes", "from", "created"], rows, "There are no clients.");
      }),
    );

  clients
    .command("rotate <id>")
    .description("give a client a new secret; the old one ends at once")
    .action((id: string, _options: object, command: Command) =>
      withAdmin(command, io, async (admin) => {
        const rotated = await admin.rotateClientSecret(id);
        if (globalOptions(command).json) return writeJson(io, rotated);
        writeFacts(io, [
          ["client_id", rotated.id],
          ["client_secret", rotated.secret],
        ]);
        note(io, once);
      }),
    );

  clients
    .command("remove <id>")
    .description("remove a client and end its access tokens")
    .action((id: string, _options: object, command: Command) =>
      withAdmin(command, io, async (admin) => {
        await admin.removeClient(id);
        if (globalOptions(command).json) writeJson(io, { id });
        else writeLine(io, `Removed the client ${id}; its access tokens have ended.`);
      }),
    );
}
