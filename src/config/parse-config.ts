import { checkParts } from "./checks.ts";
import type { Config, StoreAddress } from "./config.ts";
import { readParts } from "./parts.ts";
import type { ConfigProblem } from "./problems.ts";
import { toConfig } from "./to-config.ts";
import { warningsOn } from "./warnings.ts";

export type ConfigResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly ConfigProblem[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/**
 * Reads a configuration: every default filled in, or everything that is wrong with it at once. `store` stands in for the
 * file's own (`POSTERN_STORE`).
 */
export function parseConfig(input: unknown, store: StoreAddress | null = null): ConfigResult {
  const result = readParts(input);
  const problems = [...(result.ok ? [] : result.problems), ...checkParts(result.parts)];
  if (!result.ok || problems.length > 0) return { ok: false, problems };
  const config = toConfig(result.parsed, store);
  return { ok: true, config, warnings: warningsOn(config) };
}
