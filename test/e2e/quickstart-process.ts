import { join } from "node:path";
import { type Child, startChild } from "../support/child.ts";
import { freePort } from "../support/free-port.ts";
import { waitUntil } from "../support/wait-until.ts";

export const ROOT = new URL("../../", import.meta.url).pathname;

/** What `npm start` runs, with its data in a folder of the test's own. */
export interface Quickstart {
  readonly child: Child;
  readonly port: number;
  readonly url: string;
  /** For commands that are to work on the same data. */
  readonly env: Readonly<Record<string, string>>;
  /** What the greeting says, or null. */
  readonly password: string | null;
}

/** Starts it and waits for its greeting. Rejects with its output when it ends before. */
export async function startQuickstart(data: string): Promise<Quickstart> {
  const port = await threeFreePorts();
  const child = spawnQuickstart(data, port);
  await waitUntil(
    () => `no greeting; it wrote:\n${child.output()}`,
    () => {
      if (child.process.exitCode !== null) throw new Error(`it ended; it wrote:\n${child.output()}`);
      return child.output().includes("Ctrl-C");
    },
  );
  const password = /[a-z0-9]{5}(?:-[a-z0-9]{5}){3}/.exec(child.output())?.[0] ?? null;
  return { child, port, url: `http://127.0.0.1:${port}`, env: environment(data), password };
}

/** Starts it and waits for nothing. */
export const spawnQuickstart = (data: string, port: number | string): Child =>
  startChild(process.execPath, ["examples/quickstart/start.ts", "--port", String(port)], {
    cwd: ROOT,
    env: environment(data),
  });

/** The first of three free ports in a row: the gateway's, the operations listener's and the demo service's. */
export async function threeFreePorts(): Promise<number> {
  for (;;) {
    const first = await freePort();
    if ((await freePort()) === first + 1 && (await freePort()) === first + 2) return first;
  }
}

const environment = (data: string): Record<string, string> => ({
  PATH: process.env.PATH ?? "",
  HOME: process.env.HOME ?? "",
  POSTERN_STORE: `sqlite:${join(data, "postern.db")}`,
});
