import type { Config, Secrets, StoreAddress } from "../../config/config.ts";
import { ConfigError } from "../../config/config-error.ts";
import { MAKE_SECRET, readEnvironment, withSecret } from "../../config/environment.ts";
import { parseConfig } from "../../config/parse-config.ts";
import { type ConfigProblem, problem } from "../../config/problems.ts";
import type { Bindings, ObjectNamespace } from "./platform.ts";
import type { RedisObject } from "./redis-object-stub.ts";
import type { StoreObject } from "./store-object.ts";

/** The objects that hold the store, or the connections to it. */
export type StoreBinding =
  | { readonly kind: "sqlite"; readonly objects: ObjectNamespace<StoreObject> }
  | { readonly kind: "redis"; readonly objects: ObjectNamespace<RedisObject>; readonly url: string };

export interface WorkerEnvironment {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly store: StoreBinding;
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
  const parsed = parseConfig(input, store);
  if (!parsed.ok) throw new ConfigError("The configuration", parsed.problems);
  const binding = storeBinding(parsed.config.store, env);
  const missing = [
    ...(secret === null
      ? [problem(["POSTERN_SECRET"], `is required: wrangler secret put POSTERN_SECRET; ${MAKE_SECRET}`)]
      : []),
    ...("message" in binding ? [binding] : []),
  ];
  if (secret === null || "message" in binding) throw new ConfigError("The Worker's environment", missing);
  // There is one listener, and no other way in for operators.
  const config = { ...parsed.config, admin: { public: true } };
  return { config, secrets: withSecret(environment.values, secret), store: binding };
}

function storeBinding(store: StoreAddress, { POSTERN_SQLITE, POSTERN_REDIS }: Bindings): StoreBinding | ConfigProblem {
  switch (store.kind) {
    case "sqlite":
      return POSTERN_SQLITE === undefined
        ? problem(["POSTERN_SQLITE"], "is required: bind it to the Durable Object class PosternStore in wrangler.toml")
        : { kind: "sqlite", objects: POSTERN_SQLITE };
    case "redis":
      return POSTERN_REDIS === undefined
        ? problem(["POSTERN_REDIS"], "is required: bind it to the Durable Object class PosternRedis in wrangler.toml")
        : { kind: "redis", objects: POSTERN_REDIS, url: store.url };
  }
}
