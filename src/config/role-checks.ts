import { didYouMean } from "./closest.ts";
import { type ConfigProblem, type Path, problem } from "./problems.ts";
import { quote } from "./values.ts";

/** A role that is named somewhere must be one of the configuration's. */
export function checkRoles(names: readonly string[], known: readonly string[] | null, path: Path): ConfigProblem[] {
  if (known === null) return [];
  return names.flatMap((name, index) => {
    if (known.includes(name)) return [];
    const add = `add it to roles${didYouMean(name, known)}`;
    return [problem([...path, index], `no role ${quote(name)} is configured: ${add}`)];
  });
}
