// Runs a bundled Worker in workerd, by wrangler's own miniflare, until it is told to end. Its one argument is JSON.
import { Miniflare } from "miniflare";
import { miniflareOptions } from "./miniflare-options.ts";

const miniflare = new Miniflare(miniflareOptions(JSON.parse(process.argv[2] ?? "")));
await miniflare.ready;
process.send?.("ready");
process.once("SIGTERM", () => void miniflare.dispose().then(() => process.exit(0)));
