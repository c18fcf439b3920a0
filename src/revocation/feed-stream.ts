import type { FeedMessage } from "./feed-messages.ts";
import type { TokenFacts } from "./view.ts";

/** Who follows: the client's token, or what stands for one where it came with its secret. */
export interface FeedReader extends TokenFacts {
  /** Milliseconds since 1970 at which the stream ends, and its reader has to show its credentials again. */
  readonly until: number;
}

/** What all streams are fed from. */
export interface FeedSource {
  /** The batch with that number; null where it is still to come, `gone` where it is no longer held. */
  batch(number: number): FeedMessage | "gone" | null;
  /** The newest message about the view. */
  beat(): FeedMessage;
  /** Resolves when there is another batch or beat. */
  changed(): Promise<void>;
  monotonic(): number;
}

/** One follower's way through the feed. Makes a message when it is asked for one, and never ahead of that. */
export class FeedStream {
  readonly reader: FeedReader;
  readonly readable: ReadableStream<FeedMessage>;
  readonly #source: FeedSource;
  readonly #opening: Iterator<FeedMessage>;
  #next: number;
  /** The last message about the view that was sent. */
  #beat: FeedMessage | null = null;
  #ending = false;
  #gone = false;
  /** When a message was made that nobody has come back from yet; null while the follower waits for one. */
  #takenAt: number | null;
  readonly #cut: (reason: Error) => void;

  /** `next`: number of the batch that comes after the messages of `opening`. */
  constructor(
    reader: FeedReader,
    source: FeedSource,
    from: { readonly opening: Iterator<FeedMessage>; readonly next: number },
  ) {
    this.reader = reader;
    this.#source = source;
    this.#opening = from.opening;
    this.#next = from.next;
    this.#takenAt = source.monotonic();
    let cut: (reason: Error) => void = () => {};
    this.readable = new ReadableStream<FeedMessage>(
      {
        start: (controller) => {
          cut = (reason) => controller.error(reason);
        },
        pull: (controller) => this.#pull(controller),
        cancel: () => {
          this.#gone = true;
          this.end();
        },
      },
      { highWaterMark: 0 },
    );
    this.#cut = cut;
  }

  /** Milliseconds for which the follower has taken nothing. */
  get stalledFor(): number {
    return this.#takenAt === null ? 0 : this.#source.monotonic() - this.#takenAt;
  }

  get ended(): boolean {
    return this.#ending;
  }

  /** Ends after the message about the view that is newest then. */
  end(): void {
    this.#ending = true;
  }

  /** Drops what has not been taken, and the connection. */
  cut(): void {
    this.#ending = true;
    this.#cut(new Error("the follower takes nothing"));
  }

  async #pull(controller: ReadableStreamDefaultController<FeedMessage>): Promise<void> {
    this.#takenAt = null;
    while (!this.#gone) {
      const message = this.#message();
      if (message === "end") return controller.close();
      if (message !== null) {
        this.#takenAt = this.#source.monotonic();
        return controller.enqueue(message);
      }
      await this.#source.changed();
    }
  }

  #message(): FeedMessage | "end" | null {
    const opening = this.#ending ? { done: true as const } : this.#opening.next();
    if (opening.done !== true) return opening.value;
    const batch = this.#ending ? null : this.#source.batch(this.#next);
    if (batch === "gone") return "end";
    if (batch !== null) {
      this.#next++;
      return batch;
    }
    const beat = this.#source.beat();
    if (beat !== this.#beat) {
      this.#beat = beat;
      return beat;
    }
    return this.#ending ? "end" : null;
  }
}
