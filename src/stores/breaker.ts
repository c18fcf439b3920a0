export type BreakerState = "closed" | "open" | "half_open";

/** Failures in a row that open it. */
const FAILURES = 5;
/** How long (ms) it stays open before one call may try again. */
const OPEN_FOR = 1_000;

export interface BreakerOptions {
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  readonly onChange: (state: BreakerState) => void;
}

/** How a call ended: reached the store, whatever the store said, or failed to. */
export type Ending = "reached" | "failed";

/**
 * Spares callers the wait for a store that does not answer. Closed it lets every call through; open none; half open one, on which
 * it depends what comes next.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  #state: BreakerState = "closed";
  #failures = 0;
  #openedAt = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Null: the call must not be made. Else it may, and what it answers is to be told how the call ended. */
  enter(): ((ending: Ending) => void) | null {
    switch (this.#state) {
      case "closed":
        return (ending) => this.#ended(ending);
      case "half_open":
        return null;
      case "open":
        if (this.#options.monotonic() - this.#openedAt < OPEN_FOR) return null;
        this.#become("half_open");
        return (ending) => this.#tried(ending);
    }
  }

  #ended(ending: Ending): void {
    // Calls that were under way when it opened say nothing about later.
    if (this.#state !== "closed") return;
    this.#failures = ending === "failed" ? this.#failures + 1 : 0;
    if (this.#failures >= FAILURES) this.#open();
  }

  #tried(ending: Ending): void {
    if (ending === "failed") {
      this.#open();
      return;
    }
    this.#failures = 0;
    this.#become("closed");
  }

  #open(): void {
    this.#openedAt = this.#options.monotonic();
    this.#become("open");
  }

  #become(state: BreakerState): void {
    this.#state = state;
    this.#options.onChange(state);
  }
}
