import { isId } from "../lib/ids.ts";

/** A name as it is kept, or what was expected instead. */
export type UsernameVerdict =
  | { readonly ok: true; readonly username: string; readonly usernameKey: string }
  | { readonly ok: false; readonly expected: string };

const MAX_CODE_POINTS = 64;

/**
 * Checks a name for a new account. The display form is NFKC, so that one look has one spelling. Letters of any script pass,
 * but only in the combinations of UTS #39 §5.2 "highly restrictive", and no whole name imitates another in Latin letters.
 */
export function parseUsername(text: string): UsernameVerdict {
  if (text.length > MAX_CODE_POINTS * 4) return refuse(`at most ${MAX_CODE_POINTS} characters`);
  const username = text.normalize("NFKC");
  const length = [...username].length;
  if (length < 1 || length > MAX_CODE_POINTS) return refuse(`1 to ${MAX_CODE_POINTS} characters`);
  if (!/^[\p{L}\p{M}0-9._@+-]+$/u.test(username)) return refuse("letters, the digits 0 to 9 and . _ - @ + only");
  if (!/^[\p{L}0-9](?:.*[\p{L}\p{M}0-9])?$/u.test(username)) {
    return refuse("a letter or a digit at the beginning and at the end");
  }
  if (/\p{Default_Ignorable_Code_Point}|\p{M}{3}/u.test(username)) return refuse("no invisible or stacked characters");
  if (isId("u", username)) return refuse("a name that does not look like a user id");
  if (!SCRIPT_COMBINATIONS.some((script) => script.test(username))) return refuse("letters of one script");
  if (PHONETIC.test(username) || (GREEK_LOOKALIKES.test(username) && /\p{L}/u.test(username))) {
    return refuse("letters that cannot be taken for others");
  }
  return { ok: true, username, usernameKey: usernameKey(username) };
}

/**
 * The name under which an account is found and unique: NFKC and case folding, and a name of nothing but Cyrillic letters that
 * look like Latin ones is the same as that Latin name. Case is folded by code point, through lower, upper and lower case, so
 * that ß, ẞ and ss, and σ and ς, are one (Unicode §3.13, without a table).
 */
export function usernameKey(username: string): string {
  const characters = Array.from(username.normalize("NFKC"), (character) =>
    character.toLowerCase().toUpperCase().toLowerCase(),
  );
  const folded = characters.join("").normalize("NFKC");
  if (!CYRILLIC_LOOKALIKES.test(folded)) return folded;
  return Array.from(folded, (character) => LATIN_FOR_CYRILLIC.get(character) ?? character).join("");
}

const refuse = (expected: string): UsernameVerdict => ({ ok: false, expected });

/** The scripts of UTS #31 table 5, alone, and the three East Asian combinations with Latin of UTS #39 §5.2. */
const SCRIPT_COMBINATIONS: readonly RegExp[] = [
  ..."Latin Greek Cyrillic Armenian Hebrew Arabic Thaana Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada".split(
    " ",
  ),
  ..."Malayalam Sinhala Thai Lao Tibetan Myanmar Georgian Ethiopic Khmer".split(" "),
  "Latin Han Hiragana Katakana",
  "Latin Han Bopomofo",
  "Latin Han Hangul",
].map((scripts) => {
  const classes = `${scripts} Common Inherited`.split(" ").map((script) => `\\p{Script_Extensions=${script}}`);
  return new RegExp(`^[${classes.join("")}]+$`, "u");
});

/** Phonetic and small-capital letters: no language writes names in them, and they look like plain ones. */
const PHONETIC = /[\u0250-\u02af\u1d00-\u1dbf\ua720-\ua7ff\uab30-\uab6f]/;

/**
 * Whole-script confusables (UTS #39 §4). Cyrillic ones are real names (Вера, Тарас), so they only share a key with their Latin
 * double; in Greek a letter's two cases look like two different Latin letters, so no key would do, and accented names pass.
 */
const GREEK_LOOKALIKES = /^[αικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ\P{L}]*$/u;
const LATIN_FOR_CYRILLIC: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ а: "a", в: "b", с: "c", ԁ: "d", е: "e", ё: "ë", һ: "h", н: "h", і: "i", ї: "ï", ј: "j", к: "k", ӏ: "l" },
    ...{ м: "m", о: "o", ӧ: "ö", р: "p", ԛ: "q", ѕ: "s", т: "t", ԝ: "w", х: "x", у: "y", ү: "y" },
  }),
);
const CYRILLIC_LOOKALIKES = new RegExp(`^[${[...LATIN_FOR_CYRILLIC.keys()].join("")}\\P{L}]*$`, "u");
