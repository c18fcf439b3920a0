// The Worker under test with its store on Redis: as a user's own entry file is, with the configuration that the test gives it.
import { env } from "cloudflare:workers";
import type { ConfigInput } from "../../src/config/schema.ts";
import { worker } from "../../src/runtime/workers/index.ts";

export { PosternRedis } from "../../src/runtime/workers/index.ts";

export default worker(JSON.parse(String(env.TEST_CONFIG)) as ConfigInput);
