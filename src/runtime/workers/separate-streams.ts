import {
  type OpenStream,
  type OpenStreamsOptions,
  StreamRegistry,
  type WatchedStreams,
} from "../../app/open-streams.ts";
import type { RevocationJudge } from "../../revocation/view.ts";

export interface SeparateStreamsOptions extends OpenStreamsOptions {
  /** Brings the view up to date where it is not. */
  readonly refresh: () => Promise<void>;
  /** As the view, or whoever is asked in its place. */
  readonly judge: RevocationJudge;
}

/**
 * Open streams where each belongs to the request that opened it, and nothing else can end it: each looks after itself, twice a second, and
 * brings the view up to date where nobody else has.
 */
export class SeparateStreams implements WatchedStreams {
  readonly counts = { websocket: 0, event_stream: 0, response: 0, download: 0 };
  readonly #options: SeparateStreamsOptions;
  readonly #open = new Map<OpenStream, StreamRegistry>();

  constructor(options: SeparateStreamsOptions) {
    this.#options = options;
  }

  add(stream: OpenStream): void {
    const { wait, refresh, judge } = this.#options;
    let refused = judge.refuses(stream.principal) === true;
    const own: StreamRegistry = new StreamRegistry({
      ...this.#options,
      view: { refuses: () => refused },
      async wait(milliseconds, signal) {
        await wait(milliseconds, signal);
        if (signal.aborted) return;
        await refresh();
        // Where nobody can say, the stream goes on, as long as an old view would let it.
        refused = await Promise.resolve(judge.refuses(stream.principal)).catch(() => false);
        own.viewChanged();
      },
    });
    this.#open.set(stream, own);
    own.add(stream);
  }

  remove(stream: OpenStream): void {
    const own = this.#open.get(stream);
    this.#open.delete(stream);
    own?.remove(stream);
    own?.stop();
  }

  viewChanged(): void {}

  stop(): void {}
}
