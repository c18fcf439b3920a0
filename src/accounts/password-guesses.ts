import type { ZxcvbnFactory } from "@zxcvbn-ts/core";

/** How many guesses an attacker who knows the common passwords and `context` would need, and what gives it away. */
export type EstimateGuesses = (
  password: string,
  context: readonly string[],
) => { readonly guesses: number; readonly reason: string };

// The estimate takes time with the square of the length; what is behind this many characters only adds guesses.
const MAX_CHARACTERS = 32;

let loaded: Promise<EstimateGuesses> | null = null;

/** Loads the list of common passwords and keyboard patterns at the first call: about a megabyte, which a gateway that sets no password never needs. */
export function loadGuessEstimator(): Promise<EstimateGuesses> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<EstimateGuesses> {
  const [core, common] = await Promise.all([import("@zxcvbn-ts/core"), import("@zxcvbn-ts/language-common")]);
  const estimator: ZxcvbnFactory = new core.ZxcvbnFactory({
    dictionary: common.dictionary,
    graphs: common.adjacencyGraphs,
    maxLength: MAX_CHARACTERS,
  });
  return (password, context) => {
    const { guesses, sequence } = estimator.check(password, [...context]);
    return { guesses, reason: reasonOf(sequence.map((match) => match.pattern)) };
  };
}

function reasonOf(patterns: readonly string[]): string {
  if (patterns.includes("dictionary")) return "this one is or contains a common password";
  if (patterns.includes("repeat")) return "this one repeats itself";
  if (patterns.includes("spatial")) return "this one follows the keys of a keyboard";
  if (patterns.includes("sequence")) return "this one counts or spells in order";
  return "this one follows a common pattern";
}
