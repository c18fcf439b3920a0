import type { Config, Secrets } from "../../config/config.ts";
import { ConfigError } from "../../config/config-error.ts";
import { MAKE_SECRET, readEnvironment, withSecret } from "../../config/environment.ts";
import { parseConfig } from "../../config/parse-config.ts";
import { problem } from "../../config/problems.ts";
import type { Bindings, ObjectNamespace } from "./platform.ts";
import type { StoreObject } from "./store-object.ts";

export interface WorkerEnvironment {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly objects: ObjectNamespace<StoreObject>;
}

/** The configuration with what the Worker's bindings and secrets say. Throws ConfigError with everything that is missing. */
export function readWorkerEnvironment(input: unknown, env: Bindings): WorkerEnvironment {
  const environment = readEnvironment({
    POSTERN_SECRET: env.POSTERN_SECRET,
    POSTERN_SECRET_PREVIOUS: env.POSTERN_SECRET_PREVIOUS,
    POSTERN_ADMIN_TOKEN: env.POSTERN_ADMIN_TOKEN,
    POSTERN_STORE: env.POSTERN_STORE,
  });
  if (!environment.ok) throw new ConfigError("The Worker's environment", environment.problems);
  const { secret, store } = environment.values;
  const objects = env.POSTERN_SQLITE;
  const missing = [
    ...(secret === null
      ? [problem(["POSTERN_SECRET"], `is required: wrangler secret put POSTERN_SECRET; ${MAKE_SECRET}`)]
      : []),
    ...(objects === undefined
      ? [problem(["POSTERN_SQLITE"], "is required: bind it to the Durable Object class PosternStore in wrangler.toml")]
      : []),
  ];
  if (secret === null || objects === undefined) throw new ConfigError("The Worker's environment", missing);
  const parsed = parseConfig(input, store);
  if (!parsed.ok) throw new ConfigError("The configuration", parsed.problems);
  // There is one listener, and no other way in for operators.
  const config = { ...parsed.config, admin: { public: true } };
  return { config, secrets: withSecret(environment.values, secret), objects };
}
