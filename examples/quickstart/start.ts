// What `npm start` runs: the demo service, the gateway as anybody would run it, and at the first start a user to log in as.
import { once } from "node:events";
import { parseArgs } from "node:util";
import { makeDemoUser } from "./demo-user.ts";
import { greeting } from "./greeting.ts";
import { postern } from "./postern.ts";
import { startUpstream } from "./upstream.ts";

const POLL_MS = 50;
/** Two more are taken after it. */
const HIGHEST_PORT = 65_533;

const asked = readPort();
if (asked !== null) process.env.POSTERN_LISTEN = `127.0.0.1:${asked}`;
// Only now: the configuration reads the environment.
const { issuer, port } = await import("./postern.config.ts");

const upstream = await startUpstream(issuer, port + 2).catch((error: NodeJS.ErrnoException) => {
  if (error.code !== "EADDRINUSE") throw error;
  console.error(`Port ${port + 2} is in use. ${otherPorts(port)}`);
  process.exit(1);
});
const gateway = postern(["serve"], { stdio: "inherit" });
const ended = once(gateway, "exit");
let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    stopping = true;
    gateway.kill("SIGTERM");
  });
}

try {
  if (await isReady()) await greet();
  else if (!stopping) console.error(`The gateway did not start. If a port is in use: ${otherPorts(port)}`);
  await ended;
  process.exitCode = stopping ? 0 : (gateway.exitCode ?? 1);
} finally {
  gateway.kill("SIGTERM");
  upstream.close();
  upstream.closeAllConnections();
}

async function greet(): Promise<void> {
  try {
    const password = await makeDemoUser();
    console.log(greeting(issuer, password));
  } catch (error) {
    // Ctrl-C ends the commands that make the user, too.
    if (!stopping) throw error;
  }
}

/** The port of the command line, or null. Ends the process, saying how it is meant, where the command line makes no sense. */
function readPort(): number | null {
  try {
    const { port } = parseArgs({ options: { port: { type: "string" } } }).values;
    if (port === undefined) return null;
    if (/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) <= HIGHEST_PORT) return Number(port);
  } catch {
    // An option that there is not.
  }
  console.error(`The one option is a port from 1 to ${HIGHEST_PORT}: npm start -- --port 9000`);
  return process.exit(2);
}

/** Asks the probe until it says yes, or the gateway has ended. */
async function isReady(): Promise<boolean> {
  while (gateway.exitCode === null && gateway.signalCode === null) {
    const answer = await fetch(`http://127.0.0.1:${port + 1}/readyz`).catch(() => null);
    if (answer?.ok) return true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}

function otherPorts(taken: number): string {
  return `Take others (the one that you name and the two after it): npm start -- --port ${taken + 1000 < HIGHEST_PORT ? taken + 1000 : 9000}`;
}
