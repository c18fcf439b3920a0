import type { EstimateGuesses } from "./password-guesses.ts";

/** A password longer than this is neither set nor verified, so that a hash has a bounded cost. */
const MAX_PASSWORD_BYTES = 1024;

/** Characters that a password has besides the username and the host. */
const MIN_WITHOUT_CONTEXT = 8;

export interface PasswordRules {
  /** Code points. */
  readonly minLength: number;
  /** Words that an attacker would try first here: the username, the issuer's host. */
  readonly context: readonly string[];
}

/** The password in the form that is hashed, or what was expected instead. */
export type PasswordVerdict =
  | { readonly ok: true; readonly password: string }
  | { readonly ok: false; readonly expected: string };

/**
 * The form in which a password is set and verified: NFKC, so that a keyboard that composes accents and one that does not
 * mean the same. Null when it is too long, or no text that has one spelling in UTF-8.
 */
export function normalisePassword(password: string): string | null {
  // Before normalising: a decomposed spelling is longer than the composed one, but not by more than this.
  if (password.length > 4 * MAX_PASSWORD_BYTES || !password.isWellFormed()) return null;
  const normalised = password.normalize("NFKC");
  return new TextEncoder().encode(normalised).length <= MAX_PASSWORD_BYTES ? normalised : null;
}

/**
 * Judges a new password by length and by how soon it would be guessed; there are no rules of composition (NIST SP 800-63B
 * §3.1.1.2). Whoever is refused is told why.
 */
export function judgePassword(text: string, rules: PasswordRules, estimate: EstimateGuesses): PasswordVerdict {
  const password = normalisePassword(text);
  if (password === null) return { ok: false, expected: `at most ${MAX_PASSWORD_BYTES} bytes of Unicode text` };
  if ([...password].length < rules.minLength) {
    return { ok: false, expected: `at least ${rules.minLength} characters` };
  }
  const words = contextWords(rules.context);
  if (isOnly(words, password)) {
    return { ok: false, expected: "more than the username or the name of this site" };
  }
  const { guesses, reason } = estimate(password, words);
  // What ten random digits would take, or the shortest allowed password where that is less.
  if (guesses >= 10 ** Math.min(rules.minLength, 10)) return { ok: true, password };
  return { ok: false, expected: `a password that is harder to guess: ${reason}` };
}

/** Each word, and the parts of a name or host that people would use by themselves. */
function contextWords(context: readonly string[]): string[] {
  const words = context.flatMap((word) => [word, ...word.split(/[^\p{L}\p{N}]+/u)]);
  return [...new Set(words.map((word) => word.normalize("NFKC").toLowerCase()))].filter(
    (word) => [...word].length >= 3,
  );
}

/** Whether so little is left when the words are taken away that the rest could be guessed. */
function isOnly(words: readonly string[], password: string): boolean {
  const text = password.toLowerCase();
  const longestFirst = words.toSorted((a, b) => b.length - a.length);
  const left = longestFirst.reduce((rest, word) => rest.replaceAll(word, ""), text);
  return left !== text && [...left.replace(/\s/gu, "")].length < MIN_WITHOUT_CONTEXT;
}
