// A Worker of your own begins: import { PosternStore, worker } from "postern/workers";
import { PosternStore, worker } from "../../src/runtime/workers/index.ts";
// The same file that a gateway on Node reads.
import config from "../quickstart/postern.config.ts";

export { PosternStore };
export default worker(config);
