import type { FeedCursor, FeedPage } from "../../revocation/feed.ts";
import { readFeed } from "../../stores/sqlite/feed.ts";
import { beginStep, storeTime } from "../../stores/sqlite/step.ts";
import { StoreUnavailable } from "../../stores/store.ts";
import { NodeDatabase } from "./sqlite-database.ts";
import { failureOf } from "./sqlite-errors.ts";
import { fileGuard } from "./sqlite-file.ts";

/**
 * Reads the feed over a connection of its own that never writes and never waits, so that entries are seen while the thread
 * is busy. Where nothing has been committed by anybody since the last read, one look at the log's index is all it costs.
 */
export class SqliteFeed {
  readonly #db: NodeDatabase;
  readonly #ensureInPlace: () => void;
  readonly #wall: () => number;
  /** The last page that came to the end, and the database's version before it was read. */
  #last: { readonly version: unknown; readonly page: FeedPage } | null = null;

  constructor(file: string, wall: () => number) {
    this.#db = new NodeDatabase(file, { timeout: 0, readOnly: true });
    this.#ensureInPlace = fileGuard(file);
    this.#wall = wall;
  }

  read(input: { readonly after: FeedCursor | null; readonly limit: number }): FeedPage {
    try {
      this.#ensureInPlace();
      const version = this.#db.all("PRAGMA data_version")[0]?.data_version;
      const last = this.#last;
      const now = storeTime(this.#wall(), last?.page.now ?? 0);
      if (last !== null && last.version === version && input.after?.[0] === last.page.cursor[0]) {
        return { ...last.page, entries: [], now };
      }
      const page = readFeed(beginStep(this.#db, now), input);
      this.#last = page.end ? { version, page } : null;
      return page;
    } catch (error) {
      if (failureOf(error) === "fault") throw error;
      throw new StoreUnavailable("readFeed: the database cannot be read");
    }
  }

  close(): void {
    this.#db.close();
  }
}
