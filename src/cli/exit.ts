import { CommanderError } from "commander";
import { HashingOverloaded } from "../accounts/passwords.ts";
import { ConfigError } from "../config/config-error.ts";
import { AdministrationError } from "../http/admin/administration.ts";
import { StoreOutcomeUnknown, StoreUnavailable } from "../stores/store.ts";

/** Exit codes, after sysexits.h where it has one. */
export const EXIT = { ok: 0, failed: 1, usage: 2, unavailable: 69, configuration: 78 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What a command needs cannot be reached or opened: the store, a running gateway, a port. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}

/** The command was written wrongly. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The command did what it could, and has said already what was left undone. */
export class Incomplete extends Error {
  override readonly name = "Incomplete";
}

const UNAVAILABLE_CODES: readonly string[] = ["store_unavailable", "outcome_unknown", "overloaded", "stale_view"];

/** What ends in a question has its mark already. */
const sentence = (text: string): string => (text.endsWith("?") ? text : `${text}.`);

/** How an error ends the process, and what to say about it; null where everything has been said. */
export function describeFailure(error: unknown): { readonly code: ExitCode; readonly message: string | null } {
  if (error instanceof Incomplete) return { code: EXIT.failed, message: null };
  // commander has written its own message; its code is 0 for --help and --version.
  if (error instanceof CommanderError) return { code: error.exitCode === 0 ? EXIT.ok : EXIT.usage, message: null };
  if (error instanceof UsageError) return { code: EXIT.usage, message: error.message };
  if (error instanceof ConfigError) return { code: EXIT.configuration, message: error.message };
  if (error instanceof Unavailable) return { code: EXIT.unavailable, message: error.message };
  if (error instanceof StoreUnavailable) {
    return { code: EXIT.unavailable, message: "The store cannot be reached; nothing has been changed." };
  }
  if (error instanceof StoreOutcomeUnknown) {
    return { code: EXIT.unavailable, message: "The store did not confirm in time; running the command again is safe." };
  }
  if (error instanceof HashingOverloaded) return { code: EXIT.unavailable, message: sentence(error.message) };
  if (error instanceof AdministrationError) {
    const unavailable = UNAVAILABLE_CODES.includes(error.problem.code);
    return { code: unavailable ? EXIT.unavailable : EXIT.failed, message: sentence(error.message) };
  }
  return { code: EXIT.failed, message: error instanceof Error ? error.message : String(error) };
}
