import { once } from "node:events";
import type { Command } from "commander";
import { ConfigError } from "../../config/config-error.ts";
import { loadConfig } from "../../runtime/node/config-file.ts";
import { StoreProblem } from "../../runtime/node/open-store.ts";
import { resolveSecrets } from "../../runtime/node/secret-file.ts";
import { WatchedFiles } from "../../runtime/node/watched-files.ts";
import { globalOptions, printWarnings } from "../context.ts";
import { EXIT, Unavailable } from "../exit.ts";
import type { Io } from "../io.ts";
import { note } from "../output.ts";

/** `postern serve` */
export function serveCommand(parent: Command, io: Io): void {
  parent
    .command("serve")
    .description(
      "run the gateway until it is told to stop (SIGINT, SIGTERM); SIGHUP reads the configuration again, SIGUSR2 replaces workers one after the other",
    )
    .option("--listen <address>", "where to listen, in place of the configuration's, such as 127.0.0.1:8080")
    .option("--store <url>", "the store, in place of the configuration's, such as sqlite:./data/postern.db")
    .addHelpText(
      "after",
      `
Environment:
  POSTERN_SECRET           at least 32 bytes; made and kept beside the database where it is not set (embedded store)
  POSTERN_SECRET_PREVIOUS  the secret before, while it is being changed
  POSTERN_ADMIN_TOKEN      at least 32 characters; lets its bearer use the admin API
  POSTERN_STORE            the store, where its URL holds a password`,
    )
    .action(async (options: { listen?: string; store?: string }, command: Command) => {
      const { config: file } = globalOptions(command);
      const source = { file, cwd: io.cwd, env: io.env, overrides: options };
      const loaded = await loadConfig(source);
      printWarnings(io, loaded);
      const { secrets, notice } = await resolveSecrets(loaded.config, loaded.environment);
      if (notice !== null) note(io, notice);
      // The gateway and all that it needs, which no other command does.
      const { ListenProblem, serve } = await import("../../runtime/node/serve.ts");
      const served = await serve({ config: loaded.config, secrets }).catch((error: unknown) => {
        throw error instanceof StoreProblem || error instanceof ListenProblem ? new Unavailable(error.message) : error;
      });
      note(io, `Postern listens on ${served.url} for ${loaded.config.issuer}; operations on ${served.operationsUrl}`);

      // What one request brings about must not end all the others.
      process.on("uncaughtException", served.defect);

      const ending = new AbortController();
      let read = loaded.files;
      const again = async () => {
        const { config, files } = await loadConfig({ ...source, file: loaded.file }).catch((error: unknown) => {
          // What has been mended may lie in a file that was not there before.
          if (error instanceof ConfigError) read = [...new Set([...read, ...error.files])];
          throw error;
        });
        read = files;
        return config;
      };
      const files = new WatchedFiles(
        () => read,
        () => served.reload(again),
      );
      process.on("SIGHUP", () => files.renew());
      process.on("SIGUSR2", () => served.restart(again));
      const watching = files.watch(ending.signal);
      const gaveUp = served.gaveUp.then((reason) => {
        throw new Unavailable(`No worker can be started any more. ${reason.message}`);
      });
      await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM"), gaveUp]);
      note(io, "Stopping: requests in flight may end. Again: at once");
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(EXIT.failed));
      ending.abort();
      await Promise.all([watching, served.close()]);
    });
}
