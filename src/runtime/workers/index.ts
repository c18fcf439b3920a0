/** `postern/workers`: a gateway as a Cloudflare Worker. `export default worker(config)`, and the Durable Object class that holds its store. */
export { ConfigError } from "../../config/config-error.ts";
export { defineConfig } from "../../config/define-config.ts";
export { PosternRedis } from "./redis-object.ts";
export { PosternStore } from "./sqlite-object.ts";
export { type WorkerHandlers, worker } from "./worker.ts";
