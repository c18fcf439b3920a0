import { join } from "node:path";
import { request } from "undici";
import { type Child, runChild, startChild } from "./child.ts";
import { freePort } from "./free-port.ts";
import { CLI, type CliResult } from "./gateway-process.ts";
import type { WorkerChildOptions } from "./miniflare-options.ts";
import { tempDir } from "./temp-dir.ts";
import { waitUntil } from "./wait-until.ts";
import { bundleWorker, WORKER_ENTRY } from "./worker-bundle.ts";

const CHILD = new URL("worker-child.ts", import.meta.url).pathname;
const ADMIN_TOKEN = "an-admin-token-of-more-than-32-characters";

/** A built Worker in workerd. */
export interface WorkerProcess {
  readonly url: string;
  readonly issuer: string;
  readonly adminToken: string;
  /** Ends workerd and begins anew on the same data: what was in memory is gone. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  logs(): string;
  /** Runs a command on it, by the admin API. */
  cli(args: readonly string[], stdin?: string): Promise<CliResult>;
  addUser(name: string, password: string, roles?: readonly string[]): Promise<void>;
}

export interface WorkerOptions {
  /** Workers that share the first one's Durable Object: the one called `two` answers to `Host: two.test`. */
  readonly workers?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly entry?: string;
  readonly objects?: Readonly<Record<string, string>>;
  /** `answers`: wait until it answers, whatever it says. Default: until it is ready. */
  readonly unready?: "answers";
}

/** Bundles and starts a Worker with this configuration, and waits until it is ready. */
export async function startWorker(
  config: Readonly<Record<string, unknown>> = {},
  options: WorkerOptions = {},
): Promise<WorkerProcess> {
  const dir = await tempDir();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const issuer = String(config.issuer ?? url);
  const { folder } = await bundleWorker(options.entry ?? WORKER_ENTRY, join(dir, "bundle"));
  const child: WorkerChildOptions = {
    ...{ folder, port, data: join(dir, "data"), workers: options.workers ?? ["one"] },
    bindings: {
      TEST_CONFIG: JSON.stringify({ issuer, ...config }),
      POSTERN_SECRET: "a secret of more than thirty-two bytes",
      POSTERN_ADMIN_TOKEN: ADMIN_TOKEN,
      ...options.env,
    },
    objects: options.objects ?? { POSTERN_SQLITE: "PosternStore" },
  };
  let running = await startWorkerd(child, url, options.unready !== undefined);

  const cli = (args: readonly string[], stdin = ""): Promise<CliResult> => {
    const env = { ...process.env, POSTERN_ADMIN_TOKEN: ADMIN_TOKEN };
    return runChild(process.execPath, [CLI, ...args, "--url", url], { cwd: dir, env, stdin });
  };
  return {
    ...{ url, issuer, adminToken: ADMIN_TOKEN, cli },
    async restart() {
      await running.stop();
      running = await startWorkerd(child, url, options.unready !== undefined);
    },
    stop: () => running.stop(),
    logs: () => running.output(),
    async addUser(username, password, roles = []) {
      const response = await request(`${url}/admin/users`, {
        method: "POST",
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
        body: JSON.stringify({ username, password, roles }),
      });
      const text = await response.body.text();
      if (response.statusCode !== 201) throw new Error(`no user ${username}: ${response.statusCode} ${text}`);
    },
  };
}

/** Starts workerd and waits until what runs there is ready, or answers (`unready`). */
export async function startWorkerd(options: WorkerChildOptions, url: string, unready = false): Promise<Child> {
  const child = startChild(process.execPath, [CHILD, JSON.stringify(options)], {});
  await waitUntil(
    () => `the Worker is not ready; it wrote:\n${child.output()}`,
    async () => {
      if (child.process.exitCode !== null) throw new Error(`workerd ended; it wrote:\n${child.output()}`);
      const answer = await request(`${url}/readyz`, { reset: true }).catch(() => null);
      await answer?.body.dump();
      return unready ? answer !== null : answer?.statusCode === 200;
    },
  );
  return child;
}
