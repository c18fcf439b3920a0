import { write } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Bytes that may wait for whoever reads. */
const MAX_WAITING = 512 * 1024;
/** Milliseconds until a reader who did not read is tried again: twice as many each time, up to a bound. */
const AGAIN = 1;
const MAX_AGAIN = 50;

/**
 * Log lines on their way to a file descriptor. Nobody waits for whoever reads them: where the pipe is full, or the disk, lines wait up to
 * a bound, and what is too much is dropped and counted.
 */
export class LogSink {
  readonly #fd: number;
  readonly #onDropped: () => void;
  /** Lines that have not been handed to the system. */
  #waiting = "";
  /** What the system is to take now, and how much of it it has. */
  #writing: Buffer | null = null;
  #written = 0;
  #again = AGAIN;
  #whenEmpty: (() => void) | null = null;

  /** `onDropped` is called for each line that is lost. */
  constructor(fd: number, onDropped: () => void) {
    this.#fd = fd;
    this.#onDropped = onDropped;
    // Makes a pipe one that does not block: a write to it would hold a thread for as long as nobody reads.
    void process.stdout;
  }

  write(line: string): void {
    if (this.#waiting.length + line.length > MAX_WAITING) {
      this.#onDropped();
      return;
    }
    this.#waiting += line;
    if (this.#writing === null) this.#begin();
  }

  /** Resolves when everything is written, or after so many milliseconds. */
  async flush(within: number): Promise<void> {
    if (this.#writing === null) return;
    const given = new AbortController();
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
    await Promise.race([empty, delay(within, undefined, { signal: given.signal }).catch(() => {})]);
    given.abort();
  }

  #begin(): void {
    if (this.#waiting === "") {
      this.#writing = null;
      this.#whenEmpty?.();
      return;
    }
    this.#writing = Buffer.from(this.#waiting);
    this.#waiting = "";
    this.#written = 0;
    this.#go(this.#writing);
  }

  #go(bytes: Buffer): void {
    write(this.#fd, bytes, this.#written, (error, count) => {
      this.#written += count ?? 0;
      if (error === null) this.#again = AGAIN;
      if (error === null && this.#written < bytes.length) this.#go(bytes);
      else if (error?.code === "EAGAIN") this.#goLater(bytes);
      else {
        if (error !== null) this.#lose(bytes);
        this.#begin();
      }
    });
  }

  #goLater(bytes: Buffer): void {
    setTimeout(() => this.#go(bytes), this.#again).unref();
    this.#again = Math.min(2 * this.#again, MAX_AGAIN);
  }

  /** The reader has gone, or the disk is full: later lines may fare better. */
  #lose(bytes: Buffer): void {
    const lines = bytes.toString("utf8", this.#written).split("\n").length - 1;
    for (let line = 0; line < lines; line++) this.#onDropped();
  }
}
