import { loadGuessEstimator } from "./password-guesses.ts";
import { judgePassword, type PasswordRules, type PasswordVerdict } from "./password-rules.ts";

/** Judges a new password for an account; the one way for registration, change, the admin API and the commands. */
export async function checkNewPassword(password: string, rules: PasswordRules): Promise<PasswordVerdict> {
  return judgePassword(password, rules, await loadGuessEstimator());
}

/** The rules for one account of a gateway. */
export function passwordRules(
  config: { readonly issuer: string; readonly passwords: { readonly minLength: number } },
  username: string,
): PasswordRules {
  return { minLength: config.passwords.minLength, context: [username, new URL(config.issuer).hostname] };
}
