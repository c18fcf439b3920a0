import { stat } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds between two looks. */
const INTERVAL = 500;

/**
 * Files that something has been made of, to be made anew when one of them changes. By looking: that works, too, where a file is a link
 * that is exchanged (Kubernetes), mounted from elsewhere, or renamed over.
 */
export class WatchedFiles {
  readonly #files: () => readonly string[];
  readonly #renew: () => Promise<void>;
  #known = "";

  /** `files` is asked at each look. */
  constructor(files: () => readonly string[], renew: () => Promise<void>) {
    this.#files = files;
    this.#renew = renew;
  }

  /** Renews now. */
  async renew(): Promise<void> {
    this.#known = await describe(this.#files());
    await this.#renew();
  }

  /** Renews at each change until the signal: once the files have stayed the same for a look, for whoever writes may not be done. */
  async watch(signal: AbortSignal): Promise<void> {
    this.#known = await describe(this.#files());
    let seen = this.#known;
    while (!signal.aborted) {
      await delay(INTERVAL, undefined, { signal, ref: false }).catch(() => {});
      const found = await describe(this.#files());
      if (found === seen && found !== this.#known && !signal.aborted) await this.renew();
      seen = found;
    }
  }
}

async function describe(files: readonly string[]): Promise<string> {
  const facts = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ ino, size, mtimeMs }) => [file, ino, size, mtimeMs],
        () => [file],
      ),
    ),
  );
  return JSON.stringify(facts);
}
