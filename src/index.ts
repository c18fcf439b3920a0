export { createGateway, type Gateway, type GatewayOptions } from "./app/gateway.ts";
export type { Config, Secrets } from "./config/config.ts";
export { ConfigError } from "./config/config-error.ts";
export { defineConfig } from "./config/define-config.ts";
export { type ConfigResult, parseConfig } from "./config/parse-config.ts";
export type { ConfigInput } from "./config/schema.ts";
