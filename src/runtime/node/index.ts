/** `postern/node`: a gateway inside a Node program of one's own. `loadConfig`, then `resolveSecrets`, then `serve`. */
export { ConfigError } from "../../config/config-error.ts";
export { type ConfigSource, type LoadedConfig, loadConfig } from "./config-file.ts";
export { StoreProblem } from "./open-store.ts";
export { type ResolvedSecrets, resolveSecrets } from "./secret-file.ts";
export { ListenProblem, type Served, type ServeOptions, serve } from "./serve.ts";
