import { join } from "node:path";
import { inject } from "vitest";
import { redisCommand } from "../support/redis-server.ts";
import { countStarted } from "./started.ts";

/** Counted in the first database, so that files which run at once are given different ones. */
const GIVEN = "databases-given";

/** The URL of an empty store of the kind that this project's gateways use: a database of its Redis, or a file in `dir`. */
export async function freshStore(dir: string): Promise<string> {
  countStarted();
  const port = inject("redisPort");
  if (port === undefined) return `sqlite:${join(dir, "postern.db")}`;
  return `redis://127.0.0.1:${port}/${await redisCommand(port, "INCR", GIVEN)}`;
}
