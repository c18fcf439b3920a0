import { Redis } from "ioredis";
import { startChild } from "./child.ts";
import { freePort } from "./free-port.ts";
import { requireProgram } from "./requirements.ts";
import { tempDir } from "./temp-dir.ts";
import { waitUntil } from "./wait-until.ts";

/** The server's path, or null where its tests are skipped: `describe.skipIf(REDIS_SERVER === null)`. */
export const REDIS_SERVER = requireProgram("redis-server");

const DATABASES = 1_000;

/** As operators are told to run it; DEBUG is let in so that tests can make it sleep. */
const SETTINGS = [
  ...["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--maxmemory-policy", "noeviction"],
  ...["--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0", "--logfile", ""],
  ...["--databases", String(DATABASES)],
];

/** A real redis-server in a process, port and folder of its own. It ends with the test file. */
export interface RedisServer {
  readonly port: number;
  /** `redis://127.0.0.1:port` */
  readonly url: string;
  /** The URL of a database that nobody has been given before: an empty store. */
  freshUrl(): string;
  readonly dir: string;
  /** Runs one command over a connection of its own. */
  command(...command: readonly (string | number)[]): Promise<unknown>;
  /** Runs it again on its port and in its folder, after `kill` or `stop`; with more settings for this time. Resolves when it answers. */
  start(settings?: readonly string[]): Promise<void>;
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Stops the process where it is (SIGSTOP): its connections stay open, and nothing answers. */
  pause(): void;
  resume(): void;
  logs(): string;
}

export interface RedisServerOptions {
  /** More settings as arguments: `["--maxmemory", "3mb"]`. */
  readonly settings?: readonly string[];
  /** For a server that does not run yet. */
  readonly port?: number;
  /** Leaves it to `start` to run it. */
  readonly stopped?: boolean;
}

export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  const dir = await tempDir();
  const args = ["--port", String(port), "--dir", dir, ...SETTINGS, ...(options.settings ?? [])];
  const run = (more: readonly string[]) => startChild(REDIS_SERVER ?? "redis-server", [...args, ...more], { cwd: dir });
  let child: ReturnType<typeof run> | null = null;
  let given = 0;

  const server: RedisServer = {
    port,
    url: `redis://127.0.0.1:${port}`,
    freshUrl() {
      if (given === DATABASES) throw new Error(`this redis-server's ${DATABASES} databases have all been used`);
      return `redis://127.0.0.1:${port}/${given++}`;
    },
    dir,
    command: (...command) => redisCommand(port, ...command),
    async start(more = []) {
      const started = run(more);
      child = started;
      await redisAnswers(port, () => started.output());
    },
    async stop() {
      child?.process.kill("SIGCONT");
      await child?.stop();
    },
    async kill() {
      await child?.kill();
    },
    pause: () => void child?.process.kill("SIGSTOP"),
    resume: () => void child?.process.kill("SIGCONT"),
    logs: () => child?.output() ?? "",
  };
  if (options.stopped !== true) await server.start();
  return server;
}

/** Runs one command on the server at this port, over a connection of its own. */
export async function redisCommand(port: number, ...command: readonly (string | number)[]): Promise<unknown> {
  const [name = "", ...rest] = command.map(String);
  const client = new Redis({
    ...{ host: "127.0.0.1", port, lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null },
    ...{ connectTimeout: 2_000, commandTimeout: 30_000, enableReadyCheck: false },
  });
  // What goes wrong rejects below.
  client.on("error", () => {});
  try {
    await client.connect();
    return await client.call(name, ...rest);
  } finally {
    client.disconnect();
  }
}

/** Resolves when a server that has just been started has read its files and answers. */
export async function redisAnswers(port: number, output: () => string): Promise<void> {
  await waitUntil(
    () => `redis-server does not answer; it wrote:\n${output()}`,
    async () => (await redisCommand(port, "PING").catch(() => null)) === "PONG",
    20_000,
  );
}
