/**
 * How far the server's clock is ahead of this process's, from the times in its replies. Never taken for more than it is, so that a
 * deadline is never later than the caller meant.
 */
export class RedisClock {
  /** The greatest difference that is sure. */
  #ahead: number | null = null;

  /** A reply that was made at `server`, by the server's clock, between `sent` and `received`, by this process's. */
  sample(server: number, sent: number, received: number): void {
    const least = server - received;
    // Both clocks count whole milliseconds.
    const most = server - sent + 1;
    // Below what was sure before: the server's clock was set back, or it is another server.
    if (this.#ahead === null || least > this.#ahead || most < this.#ahead) this.#ahead = least;
  }

  /** What the server's clock will show at `local`, or earlier; null before the first reply. */
  serverTime(local: number): number | null {
    return this.#ahead === null ? null : local + this.#ahead;
  }
}
