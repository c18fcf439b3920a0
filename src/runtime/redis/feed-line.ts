import type { Redis } from "ioredis";
import { text, values } from "../../stores/redis/reply.ts";

/** Milliseconds beyond those that it waits in the server after which a read is given up, and its connection with it. */
const LATE = 1_000;

/** What a waiting read brought, by stream; null: nothing came. */
export type FeedReply = ReadonlyMap<string, readonly unknown[]> | null;

interface Waiting {
  readonly what: string;
  readonly reply: Promise<FeedReply>;
}

/** One connection that waits for entries of some streams, on the primary that holds them. */
export class FeedLine {
  readonly #connect: () => Promise<Redis>;
  #client: Redis | null = null;
  #waiting: Waiting | null = null;
  #closed = false;

  /** `connect` finds the primary and connects to it. */
  constructor(connect: () => Promise<Redis>) {
    this.#connect = connect;
  }

  /**
   * Waits for entries behind the ids. A read that is waiting for the same already is shared, and may end sooner. Rejects where there is
   * no connection.
   */
  wait(streams: readonly string[], ids: readonly string[], count: number, milliseconds: number): Promise<FeedReply> {
    const what = ids.join();
    if (this.#waiting?.what === what) return this.#waiting.reply;
    const before = this.#waiting?.reply.catch(() => null) ?? null;
    const reply = Promise.resolve(before).then(() => this.#read(streams, ids, count, milliseconds));
    const waiting = { what, reply };
    this.#waiting = waiting;
    const settled = (): void => {
      if (this.#waiting === waiting) this.#waiting = null;
    };
    reply.then(settled, settled);
    return reply;
  }

  close(): void {
    this.#closed = true;
    this.#drop();
  }

  async #read(
    streams: readonly string[],
    ids: readonly string[],
    count: number,
    milliseconds: number,
  ): Promise<FeedReply> {
    const client = await this.#ready();
    const command = ["COUNT", String(count), "BLOCK", String(milliseconds), "STREAMS", ...streams, ...ids];
    const late = setTimeout(() => this.#drop(), milliseconds + LATE).unref();
    try {
      const reply = await client.call("XREAD", command);
      return reply === null ? null : entriesByStream(values(reply));
    } catch (error) {
      // It may have become a replica, or the streams may have moved: the next read looks again for where they are.
      this.#drop();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  async #ready(): Promise<Redis> {
    if (this.#closed) throw new Error("the feed's connection is closed");
    if (this.#client?.status === "ready") return this.#client;
    this.#drop();
    const client = await this.#connect();
    this.#client = client;
    if (this.#closed) this.#drop();
    return client;
  }

  #drop(): void {
    this.#client?.disconnect();
    this.#client = null;
  }
}

/** The reply is a map, which the client gives as keys and values in turns. */
function entriesByStream(reply: readonly unknown[]): FeedReply {
  const entries = new Map<string, readonly unknown[]>();
  for (let at = 0; at + 1 < reply.length; at += 2) entries.set(text(reply[at]), values(reply[at + 1]));
  return entries;
}
