import type { Command } from "commander";
import { ConfigError } from "../../config/config-error.ts";
import { effectiveInput } from "../../config/effective.ts";
import { showStore } from "../../config/network.ts";
import type { LoadedConfig } from "../../runtime/node/config-file.ts";
import { platformProblems, unusedOnPlatform } from "../../runtime/workers/platform-limits.ts";
import { globalOptions, loadConfigFor, printWarnings } from "../context.ts";
import type { Io } from "../io.ts";
import { plural, writeJson, writeLine } from "../output.ts";

/** `postern config …` */
export function configCommand(parent: Command, io: Io): void {
  const config = parent.command("config").description("check and show the configuration");

  config
    .command("check")
    .description("name everything that is wrong or odd, routes that cannot be reached too (exit 78: wrong)")
    .option("--workers", "as it is used on Cloudflare Workers: what is not possible there, and what has no effect")
    .action(async ({ workers }: { readonly workers?: true }, command: Command) => {
      const found = await loadConfigFor(command, io);
      const loaded = workers === true ? onWorkers(found) : found;
      if (globalOptions(command).json) return writeJson(io, { file: loaded.file, warnings: loaded.warnings });
      printWarnings(io, loaded);
      const odd = loaded.warnings.length === 0 ? "" : `, with ${plural(loaded.warnings.length, "warning")}`;
      writeLine(io, `${loaded.file} is good${odd}.`);
    });

  config
    .command("print")
    .description("the effective configuration as JSON, every default filled in; it can be used as a file")
    .action(async (_options: object, command: Command) => {
      const { input, config: parsed } = await loadConfigFor(command, io);
      writeJson(io, { ...effectiveInput(input), store: showStore(parsed.store) });
    });
}

/** Throws ConfigError with what the platform cannot do. */
function onWorkers(loaded: LoadedConfig): LoadedConfig {
  const problems = platformProblems(loaded.config);
  if (problems.length > 0) throw new ConfigError(loaded.file, problems);
  return { ...loaded, warnings: [...loaded.warnings, ...unusedOnPlatform(loaded.input)] };
}
