import { randomInt } from "node:crypto";
import { runPostern } from "./postern.ts";

export const USER = "demo";
/** No look-alikes: people type this. 31^20 is 99 bits. */
const ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789";

/**
 * Makes the demo user unless there is one. Resolves with its password when it was made now, else null. `where`: options that name the
 * gateway; without them it is the configured store.
 */
export async function makeDemoUser(where: readonly string[] = []): Promise<string | null> {
  if ((await runPostern(["users", "show", USER, ...where], "", false)) === 0) return null;
  const password = randomPassword();
  const add = ["users", "add", USER, "--role", "user", "--password-stdin", ...where];
  const code = await runPostern(add, `${password}\n`, true);
  if (code !== 0) throw new Error(`postern users add ${USER} ended with ${code}`);
  return password;
}

function randomPassword(): string {
  const letters = Array.from({ length: 20 }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
  return letters.replace(/(.{5})(?=.)/g, "$1-");
}
