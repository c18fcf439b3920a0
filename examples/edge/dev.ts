// What `npm run dev:edge` runs: the demo service, the Worker in wrangler's local workerd, and at the first start a user to log in as.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeDemoUser, USER } from "../quickstart/demo-user.ts";
import { startUpstream } from "../quickstart/upstream.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const WRANGLER = fileURLToPath(new URL("../../node_modules/wrangler/bin/wrangler.js", import.meta.url));
const POLL_MS = 500;

const { port: asked, data } = parseArgs({
  options: { port: { type: "string", default: "8080" }, data: { type: "string", default: ".wrangler/state" } },
}).values;
const port = Number(asked);
const file = resolve(ROOT, data, "secrets.env");
const issuer = `http://127.0.0.1:${port}`;

const secrets = readSecrets();
process.env.POSTERN_ADMIN_TOKEN = secrets.POSTERN_ADMIN_TOKEN ?? "";
const upstream = await startUpstream(issuer, port + 2);
const wrangler = spawn(
  process.execPath,
  [
    ...[WRANGLER, "dev", "--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"],
    ...["--persist-to", data, "--env-file", file, "--var", `POSTERN_LISTEN:127.0.0.1:${port}`],
    ...["--log-level", "warn", "--show-interactive-dev-session=false"],
  ],
  { cwd: ROOT, stdio: "inherit", env: { ...process.env, WRANGLER_SEND_METRICS: "false" } },
);
const ended = once(wrangler, "exit");
let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    stopping = true;
    wrangler.kill();
  });
}
if (await isReady()) {
  const password = await makeDemoUser(["--url", issuer]);
  console.log(
    `\nPostern is up at ${issuer}/, in workerd. Log in as ${USER} with the password ${password ?? "that the first start printed"}.\n` +
      `Commands work by the admin API: POSTERN_ADMIN_TOKEN=… npm run -s postern -- users list --url ${issuer}\n` +
      `The token is in ${file}. Ctrl-C stops.\n`,
  );
}
await ended;
upstream.close();
upstream.closeAllConnections();

/** What would be `wrangler secret put` elsewhere; made at the first start. */
function readSecrets(): Record<string, string> {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    const random = (): string => randomBytes(36).toString("base64url");
    writeFileSync(file, `POSTERN_SECRET=${random()}\nPOSTERN_ADMIN_TOKEN=${random()}\n`, { mode: 0o600 });
  }
  const lines = readFileSync(file, "utf8").split("\n");
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

async function isReady(): Promise<boolean> {
  while (!stopping && wrangler.exitCode === null && wrangler.signalCode === null) {
    const answer = await fetch(`${issuer}/readyz`).catch(() => null);
    if (answer?.ok) return true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}
