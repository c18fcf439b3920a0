import type { Row, SqlValue } from "../../stores/sqlite/database.ts";
import type { RedisObject } from "./redis-object-stub.ts";
import type { StoreObject } from "./store-object.ts";

/** What is used of the platform's objects, by its own names for them. */

/** Of a request or of an event: what it has promised is finished before the platform ends it. */
export interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void;
}

export interface ScheduledController {
  readonly cron: string;
  /** Milliseconds since 1970. */
  readonly scheduledTime: number;
}

/** The namespace of a Durable Object class; a stub is good for one request only. */
export interface ObjectNamespace<T> {
  getByName(name: string): T;
}

export interface ObjectContext {
  readonly storage: ObjectStorage;
}

export interface ObjectStorage {
  readonly sql: { exec(query: string, ...bindings: SqlValue[]): { toArray(): Row[] } };
  transactionSync<T>(work: () => T): T;
}

/** What the Worker is given by `wrangler.toml` and by `wrangler secret put`. */
export interface Bindings {
  readonly POSTERN_SQLITE?: ObjectNamespace<StoreObject>;
  readonly POSTERN_REDIS?: ObjectNamespace<RedisObject>;
  readonly POSTERN_SECRET?: string;
  readonly POSTERN_SECRET_PREVIOUS?: string;
  readonly POSTERN_ADMIN_TOKEN?: string;
  readonly POSTERN_STORE?: string;
}
