import { Command } from "commander";
import { auditCommand } from "./commands/audit.ts";
import { clientsCommand } from "./commands/clients.ts";
import { configCommand } from "./commands/config.ts";
import { initCommand } from "./commands/init.ts";
import { keysCommand } from "./commands/keys.ts";
import { nodesCommand } from "./commands/nodes.ts";
import { revokeCommand } from "./commands/revoke.ts";
import { serveCommand } from "./commands/serve.ts";
import { sessionsCommand } from "./commands/sessions.ts";
import { tokenCommand } from "./commands/token.ts";
import { usersCommand } from "./commands/users.ts";
import type { Io } from "./io.ts";

/** Every command. Errors are thrown: `exit.ts` says how each ends the process. */
export function createProgram(io: Io, version: string): Command {
  const program = new Command("postern");
  program
    .description(
      "A hybrid auth gateway: logins, short-lived access tokens, rotating refresh cookies, instant revocation.",
    )
    .version(version, "-V, --version", "show the version")
    .option("--config <file>", "the configuration; without it postern.config.ts, .js or .json here")
    .option(
      "--url <url>",
      "act on a running gateway (its operations listener) with POSTERN_ADMIN_TOKEN, not on the store",
    )
    .option("--json", "answer in JSON")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    })
    .showHelpAfterError("(--help shows how it is used)")
    .exitOverride()
    .addHelpText(
      "after",
      `
Examples:
  $ postern init                               write a configuration
  $ postern serve                              run the gateway
  $ postern users add ana --role user          make an account
  $ postern revoke --user ana --wait           end all her sessions and tokens, everywhere
  $ postern users list --url http://127.0.0.1:9464

Exit codes: 0 done, 1 failed, 2 wrong usage, 69 store or gateway unavailable, 78 wrong configuration.`,
    );
  const commands = [serveCommand, initCommand, configCommand, usersCommand, clientsCommand, sessionsCommand];
  commands.push(revokeCommand, keysCommand, tokenCommand, auditCommand, nodesCommand);
  // Subcommands take over how errors end and what help shows from their parent when they are made.
  for (const add of commands) add(program, io);
  return program;
}
