interface Operation {
  readonly sid: string;
  /** Which gateway was asked. */
  readonly at: number;
  /** When it was asked and when its answer was there: milliseconds of one clock. */
  readonly started: number;
  readonly ended: number;
  readonly status: number;
  /** The problem's code, or "". */
  readonly code: string;
}

/** One thing that a client did, and what it was answered. */
export type HistoryEvent =
  | (Operation & { readonly kind: "login" | "call" | "end" })
  | (Operation & {
      readonly kind: "refresh";
      /** The generation of the token shown, and of the one answered. */
      readonly shown: number;
      readonly got: { readonly generation: number; readonly token: string } | null;
    });

type RefreshEvent = HistoryEvent & { readonly kind: "refresh" };

export interface Bounds {
  /** Milliseconds after which an end that one gateway has acknowledged holds on the other; on the same one it holds at once. */
  readonly spread: number;
  readonly grace: number;
  /** The store failed meanwhile: 503 is no surprise, and what was answered 503 may have been done all the same. */
  readonly outage?: boolean;
  /** When the store lost everything, by the history's clock: every session of before has ended then. */
  readonly wiped?: number;
}

/** The store's clock counts whole milliseconds. */
const ROUNDING = 2;

/** What of a history cannot have happened where the rules hold; empty when all could. */
export function violations(history: readonly HistoryEvent[], bounds: Bounds): readonly string[] {
  const bySession = Map.groupBy(history, ({ sid }) => sid);
  return [...bySession].flatMap(([sid, events]) =>
    [unexpected(events, bounds), usedAfterEnd(events, bounds), twoSuccessors(events), endedWithoutCause(events, bounds)]
      .flat()
      .map((what) => `${sid}: ${what}`),
  );
}

const EXPECTED = { login: [200], call: [200, 401], refresh: [200, 401], end: [200, 204] } as const;

const unexpected = (events: readonly HistoryEvent[], { outage = false }: Bounds): readonly string[] =>
  events
    .filter(({ kind, status }) => !(EXPECTED[kind] as readonly number[]).includes(status))
    .filter(({ status }) => !(outage && status === 503))
    .map(({ kind, status, code }) => `a ${kind} was answered ${status} ${code}`);

/** After an end has been acknowledged nothing of the session passes; a refresh asks the store, which both gateways share. */
function usedAfterEnd(events: readonly HistoryEvent[], { spread }: Bounds): readonly string[] {
  const ends = events.filter(({ kind, status }) => kind === "end" && status < 300);
  return events
    .filter(({ kind, status }) => kind !== "end" && status === 200)
    .flatMap((used) =>
      ends
        .filter((end) => used.started > end.ended + (used.kind === "call" && used.at !== end.at ? spread : 0))
        .map((end) => `a ${used.kind} passed ${Math.round(used.started - end.ended)} ms after its end`),
    );
}

function twoSuccessors(events: readonly HistoryEvent[]): readonly string[] {
  const tokens = Map.groupBy(
    refreshes(events).flatMap(({ got }) => (got === null ? [] : [got])),
    ({ generation }) => generation,
  );
  return [...tokens]
    .filter(([, answered]) => new Set(answered.map(({ token }) => token)).size > 1)
    .map(([generation]) => `generation ${generation} has several tokens`);
}

/** A session ends because somebody ended it, because a late or an older token was shown, or with the whole store. */
function endedWithoutCause(events: readonly HistoryEvent[], bounds: Bounds): readonly string[] {
  const thefts = refreshes(events).filter(({ code }) => code === "refresh_reused");
  const causes = [...thefts, ...events.filter(({ kind }) => kind === "end")].map(({ started }) => started);
  if (bounds.wiped !== undefined) causes.push(bounds.wiped);
  const found: string[] = [];
  for (const theft of thefts) {
    if (!isLate(theft, refreshes(events), bounds)) found.push(`generation ${theft.shown} was called theft too early`);
  }
  for (const event of events) {
    const ended = event.code === "session_ended" || event.code === "token_revoked";
    if (ended && !causes.some((cause) => cause <= event.ended)) found.push(`it had ended without a cause`);
  }
  return found;
}

function isLate(theft: RefreshEvent, all: readonly RefreshEvent[], { grace }: Bounds): boolean {
  // A refresh that was answered 503 may have made a successor that nobody got.
  const newer = all.filter(
    ({ got, shown, status, started }) =>
      started <= theft.ended && ((got?.generation ?? 0) > theft.shown || (status === 503 && shown === theft.shown)),
  );
  const older = newer.some(({ got }) => (got?.generation ?? 0) > theft.shown + 1);
  const birth = Math.min(...newer.map(({ started }) => started));
  return older || theft.ended - birth + ROUNDING >= grace;
}

const refreshes = (events: readonly HistoryEvent[]): readonly RefreshEvent[] =>
  events.filter((event) => event.kind === "refresh");
