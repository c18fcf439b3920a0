import type { ConfigInput } from "./schema.ts";

/** Gives a configuration its type, so that an editor completes and checks it: `export default defineConfig({ … })`. */
export const defineConfig = (config: ConfigInput): ConfigInput => config;
