import { type Command, Option } from "commander";
import type { Administration, UserView } from "../../http/admin/administration.ts";
import { globalOptions, withAdmin } from "../context.ts";
import { UsageError } from "../exit.ts";
import { readNewPassword } from "../input.ts";
import type { Io } from "../io.ts";
import { plural, words, writeFacts, writeJson, writeLine, writeTable } from "../output.ts";
import { importUsers } from "./import-users.ts";
import { collect } from "./options.ts";
import { writeSessions } from "./sessions.ts";

const PAGE = 500;

/** `postern users …` */
export function usersCommand(parent: Command, io: Io): void {
  const users = parent.command("users").description("make, look at and change accounts");
  users.addHelpText(
    "after",
    `
Examples:
  $ postern users add ana --role user            asks for the password
  $ echo "$PASSWORD" | postern users add ana --password-stdin
  $ postern users roles ana user admin
  $ postern users list --json | jq -r '.users[].username'`,
  );
  const passwordStdin = () => new Option("--password-stdin", "read the password from standard input");

  users
    .command("add <name>")
    .description("make an account; asks for its password")
    .option("--role <role>", "a role of the configuration; may be repeated", collect, [])
    .addOption(passwordStdin())
    .action((name: string, options: { role: string[]; passwordStdin?: true }, command: Command) =>
      withAdmin(command, io, async (admin) => {
        const password = await readNewPassword(io, options.passwordStdin === true);
        const user = await admin.createUser({ username: name, password, roles: options.role });
        report(command, io, user, `Made the user ${user.username} (${user.id})`);
      }),
    );

  users
    .command("list")
    .description("every account, by name")
    .action((_options: object, command: Command) =>
      withAdmin(command, io, async (admin) => {
        const found = await allUsers(admin);
        if (globalOptions(command).json) return writeJson(io, { users: found });
        const rows = found.map((user) => [user.username, user.id, words(user.roles), stateOf(user), user.createdAt]);
        writeTable(io, ["name", "id", "roles", "state", "created"], rows, "There are no users.");
      }),
    );

  users
    .command("show <name>")
    .description("one account and its sessions; takes a name or an id")
    .action((name: string, _options: object, command: Command) =>
      withAdmin(command, io, async (admin) => {
        const user = await admin.user(name);
        const { sessions } = await admin.sessions(user.id);
        if (globalOptions(command).json) return writeJson(io, { user, sessions });
        writeFacts(io, [
          ["name", user.username],
          ["id", user.id],
          ["roles", words(user.roles)],
          ["state", stateOf(user)],
          ["created", user.createdAt],
        ]);
        writeLine(io, "");
        writeSessions(io, sessions);
      }),
    );

  users
    .command("password <name>")
    .description("set a new password; ends every session of the user")
    .addOption(passwordStdin())
    .action((name: string, options: { passwordStdin?: true }, command: Command) =>
      withAdmin(command, io, async (admin) => {
        const { username } = await admin.user(name);
        const password = await readNewPassword(io, options.passwordStdin === true);
        const user = await admin.updateUser(name, { password });
        report(command, io, user, `Set the password of ${username} and ended every session`);
      }),
    );

  users
    .command("roles <name> [roles...]")
    .description("set the roles, in place of those that the user has; access tokens with the old ones end at once")
    .option("--none", "take every role away")
    .action((name: string, roles: string[], options: { none?: true }, command: Command) =>
      withAdmin(command, io, async (admin) => {
        if (options.none === (roles.length > 0 ? true : undefined)) {
          throw new UsageError("name the roles that the user is to have, or --none");
        }
        const user = await admin.updateUser(name, { roles });
        report(command, io, user, `${user.username} has the roles: ${words(user.roles)}`);
      }),
    );

  for (const disabled of [true, false]) {
    users
      .command(disabled ? "disable <name>" : "enable <name>")
      .description(disabled ? "refuse logins and end every session of the user" : "let the user log in again")
      .action((name: string, _options: object, command: Command) =>
        withAdmin(command, io, async (admin) => {
          const user = await admin.updateUser(name, { disabled });
          const done = disabled ? "is disabled; every session has ended" : "can log in again";
          report(command, io, user, `${user.username} ${done}`);
        }),
      );
  }

  users
    .command("delete <name>")
    .description("remove an account and end its sessions; the audit trail keeps its id")
    .action((name: string, _options: object, command: Command) =>
      withAdmin(command, io, async (admin) => {
        const user = await admin.user(name);
        await admin.deleteUser(user.id);
        report(command, io, user, `Deleted the user ${user.username} (${user.id})`);
      }),
    );

  users
    .command("import [file]")
    .description("make accounts from JSON lines {username, password | passwordHash, roles}; - is standard input")
    .addHelpText(
      "after",
      '\nExample line:\n  {"username":"ana","passwordHash":"$argon2id$v=19$m=19456,t=2,p=1$…","roles":["user"]}',
    )
    .action((file: string | undefined, _options: object, command: Command) =>
      withAdmin(command, io, async (admin) => {
        const imported = await importUsers(admin, io, file ?? "-");
        if (globalOptions(command).json) return writeJson(io, { imported });
        writeLine(io, `Imported ${plural(imported, "user")}.`);
      }),
    );
}

async function allUsers(admin: Administration): Promise<readonly UserView[]> {
  const found: UserView[] = [];
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<Administration["users"]>> = await admin.users({ after, limit: PAGE });
    found.push(...page.users);
    after = page.next;
  } while (after !== null);
  return found;
}

function stateOf({ disabled, password }: UserView): string {
  if (disabled) return "disabled";
  return password ? "active" : "no password";
}

function report(command: Command, io: Io, user: UserView, sentence: string): void {
  if (globalOptions(command).json) writeJson(io, user);
  else writeLine(io, `${sentence}.`);
}
