import type { Observe } from "../observe/observation.ts";
import type { StreamCut, StreamKind } from "../observe/streams.ts";
import type { Problem } from "../protocol/errors.ts";
import type { RevocationView } from "../revocation/view.ts";
import type { Route } from "../routing/route.ts";
import type { Session } from "../sessions/session.ts";
import type { Principal } from "../tokens/principal.ts";

/** Between two looks at what is due. */
const TICK = 500;
/** Judging takes at most a tenth of the time: after it come nine times as long without. */
const REST = 9;
/** Questions to the store at once. */
const MAX_ASKING = 16;
const ASK_AGAIN_AFTER_FAILURE = 1_000;
/** A session whose end has come by this gateway's clock and not by the store's. */
const ASK_AGAIN_AFTER_CLOCK = 10_000;
/** What began while its token was good and says nowhere that it has no end may take as long to end. */
const RESPONSE_GRACE = 10_000;

/** Something that goes on after its request has been let through, as a transport sees it. */
export interface OpenStream {
  readonly streamKind: StreamKind;
  readonly principal: Principal;
  readonly route: Pick<Route, "onStale" | "streams">;
  /** Ends it so that its client can't take it for whole. Called once at most; must not throw. */
  cut(cut: StreamCut): void;
}

/** The streams that are open under a token, each of which ends when its request would no longer be let through. */
export interface OpenStreams {
  readonly counts: Readonly<Record<StreamKind, number>>;
  /** May cut it at once: whoever adds looks again whether it is still open. */
  add(stream: OpenStream): void;
  /** It has ended by itself. */
  remove(stream: OpenStream): void;
}

/** Open streams, and what a gateway tells them. */
export interface WatchedStreams extends OpenStreams {
  /** To be called when entries have come into the view: whoever has to go has gone when this returns, or a moment later in a burst. */
  viewChanged(): void;
  /** Looks no more; what is open stays open. */
  stop(): void;
}

export interface OpenStreamsOptions {
  readonly view: Pick<RevocationView, "refuses">;
  /** Milliseconds since the view was known to be complete; null where that is not known. */
  readonly viewAge: () => number | null;
  /** Why nothing that needs a login is answered now, or null. */
  readonly viewProblem: (serveStale: boolean) => Problem | null;
  /** The live session, or null. Rejects where the store cannot say. */
  readonly session: (of: { readonly sub: string; readonly sid: string }) => Promise<Session | null>;
  readonly maxStaleness: number;
  readonly accessTtl: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly observe: Observe;
}

interface Standing {
  /** When it is to be ended, or the store to be asked for its session; milliseconds since 1970. */
  due: number;
  /** Since when the store has not answered; null while it does. */
  unanswered: number | null;
}

/**
 * Streams live as long as what they were opened under (docs/http.md, streams). They are judged whenever the view changes, all of them at
 * once and never for more than a part of the time, and looked at twice a second for what only time brings.
 */
export class StreamRegistry implements WatchedStreams {
  readonly counts = { websocket: 0, event_stream: 0, response: 0, download: 0 } satisfies Record<StreamKind, number>;
  readonly #options: OpenStreamsOptions;
  readonly #open = new Map<OpenStream, Standing>();
  /** Those whose session the store is to be asked for, oldest first. */
  readonly #toAsk = new Set<OpenStream>();
  readonly #stopped = new AbortController();
  #asking = 0;
  #looking = false;
  #judgeAgainAt = 0;
  #judgingLater = false;
  /** When the view was last known to be complete, by the monotonic clock. */
  #completeAt = 0;
  /** Whether an entry may have expired unread. */
  #missed = false;

  constructor(options: OpenStreamsOptions) {
    this.#options = options;
  }

  add(stream: OpenStream): void {
    // Its request was let through a while ago, as far as the view is concerned.
    if (this.#options.view.refuses(stream.principal)) {
      this.#tell(stream, "token_revoked");
      return;
    }
    this.#open.set(stream, { due: this.#firstDue(stream), unanswered: null });
    this.counts[stream.streamKind]++;
    if (!this.#looking) void this.#keepLooking();
  }

  remove(stream: OpenStream): void {
    if (!this.#open.delete(stream)) return;
    this.#toAsk.delete(stream);
    this.counts[stream.streamKind]--;
  }

  viewChanged(): void {
    const { monotonic, wait } = this.#options;
    if (this.#open.size === 0 || this.#judgingLater) return;
    const rest = this.#judgeAgainAt - monotonic();
    if (rest <= 0) {
      this.#judge();
      return;
    }
    this.#judgingLater = true;
    void wait(rest, this.#stopped.signal).then(() => {
      this.#judgingLater = false;
      this.#judge();
    });
  }

  stop(): void {
    this.#stopped.abort();
  }

  #judge(): void {
    const { view, monotonic } = this.#options;
    const began = monotonic();
    for (const stream of this.#open.keys()) if (view.refuses(stream.principal)) this.#cut(stream, "token_revoked");
    const ended = monotonic();
    this.#judgeAgainAt = ended + REST * (ended - began);
  }

  async #keepLooking(): Promise<void> {
    const { wait, now, monotonic } = this.#options;
    const { signal } = this.#stopped;
    this.#looking = true;
    this.#completeAt = monotonic();
    while (this.#open.size > 0 && !signal.aborted) {
      await wait(Math.min(TICK, Math.max(0, this.#look() - now())), signal);
    }
    this.#looking = false;
  }

  /** Returns when the next one is due. */
  #look(): number {
    const now = this.#options.now();
    const outage = this.#inOutage();
    if (this.#hasCaughtUp()) this.#askAll(now);
    let next = Number.POSITIVE_INFINITY;
    for (const [stream, standing] of this.#open) {
      if (outage && this.#options.viewProblem(stream.route.onStale === "serve") !== null)
        this.#cut(stream, "stale_view");
      else if (standing.due <= now) this.#takeDue(stream, standing);
      else if (standing.due < next) next = standing.due;
    }
    return next;
  }

  #firstDue({ streamKind, principal }: OpenStream): number {
    const expiry = principal.exp * 1000;
    switch (streamKind) {
      case "websocket":
      case "event_stream":
        return expiry;
      case "response":
        return Math.max(expiry, this.#options.now() + RESPONSE_GRACE);
      case "download":
        return Number.POSITIVE_INFINITY;
    }
  }

  #takeDue(stream: OpenStream, standing: Standing): void {
    if (!followsSession(stream)) {
      this.#cut(stream, "token_expired");
      return;
    }
    standing.due = Number.POSITIVE_INFINITY;
    this.#toAsk.add(stream);
    if (this.#asking < MAX_ASKING) void this.#askOn();
  }

  async #askOn(): Promise<void> {
    this.#asking++;
    for (const stream of this.#toAsk) {
      this.#toAsk.delete(stream);
      await this.#ask(stream);
    }
    this.#asking--;
  }

  async #ask(stream: OpenStream): Promise<void> {
    const { session, now, maxStaleness } = this.#options;
    const { sub, sid } = stream.principal;
    const standing = this.#open.get(stream);
    if (standing === undefined || sid === null) return;
    try {
      const found = await session({ sub, sid });
      standing.unanswered = null;
      if (found === null) this.#cut(stream, "session_ended");
      else standing.due = Math.max(Math.min(found.idleEndsAt, found.absoluteEndsAt), now() + ASK_AGAIN_AFTER_CLOCK);
    } catch {
      standing.unanswered ??= now();
      if (now() - standing.unanswered > maxStaleness) this.#cut(stream, "stale_view");
      else standing.due = now() + ASK_AGAIN_AFTER_FAILURE;
    }
  }

  #inOutage(): boolean {
    const { viewAge, monotonic, maxStaleness } = this.#options;
    const age = viewAge();
    if (age !== null) this.#completeAt = monotonic() - age;
    return monotonic() - this.#completeAt > maxStaleness;
  }

  /**
   * Whether the view is complete again after a time in which entries may have come and expired: those name tokens that have expired as
   * well, but a stream may have outlived its token.
   */
  #hasCaughtUp(): boolean {
    const age = this.#options.viewAge();
    if (age === null || age > this.#options.accessTtl / 2) {
      this.#missed = true;
      return false;
    }
    if (!this.#missed) return false;
    this.#missed = false;
    return true;
  }

  #askAll(now: number): void {
    for (const [stream, standing] of this.#open) {
      if (followsSession(stream) && stream.principal.exp * 1000 <= now) standing.due = now;
    }
  }

  #cut(stream: OpenStream, cut: StreamCut): void {
    if (!this.#open.has(stream)) return;
    this.remove(stream);
    this.#tell(stream, cut);
  }

  #tell(stream: OpenStream, cut: StreamCut): void {
    this.#options.observe({ kind: "stream_cut", stream: stream.streamKind, cut });
    stream.cut(cut);
  }
}

const followsSession = ({ route, principal }: OpenStream): boolean =>
  principal.sid !== null && route.streams === "session";
