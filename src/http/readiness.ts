import type { Readiness } from "../observe/readiness.ts";
import { CLOCK_MARGIN } from "../stores/lifetimes.ts";
import { StoreOutcomeUnknown, type StoreTrouble, StoreUnavailable } from "../stores/store.ts";
import type { Services } from "./services.ts";

type Asked = Pick<Services, "store" | "viewState" | "keyRing" | "isLeaving" | "now">;

/** What keeps the gateway from serving, by name. */
export async function readinessOf(asked: Asked, config: string): Promise<Readiness> {
  const view = asked.viewState();
  const store = await storeState(asked);
  const checks = {
    store: store.state,
    clock: store.clockProblem === null ? "ok" : "off",
    view,
    keys: asked.keyRing.jwks().keys.length === 0 ? "missing" : "ok",
  };
  const caughtUp = view === "fresh" || view === "aging";
  const able = checks.store === "ok" && checks.clock === "ok" && caughtUp && checks.keys === "ok";
  const status = asked.isLeaving() ? "stopping" : able ? "ready" : "not ready";
  const problems = [store.problem, store.clockProblem].filter((problem) => problem !== null);
  return { ready: status === "ready", status, checks, ...(problems.length === 0 ? {} : { problems }), config };
}

interface StoreState {
  readonly state: "ok" | StoreTrouble;
  readonly problem: string | null;
  readonly clockProblem: string | null;
}

async function storeState({ store, now }: Asked): Promise<StoreState> {
  const asked = now();
  try {
    const time = await store.time({});
    return { state: "ok", problem: null, clockProblem: clockProblem(time - now(), time - asked) };
  } catch (error) {
    if (!(error instanceof StoreUnavailable || error instanceof StoreOutcomeUnknown)) throw error;
    return { state: error.trouble, problem: error.trouble === "unsuitable" ? error.message : null, clockProblem: null };
  }
}

/** The store's clock is ahead of this gateway's by so many milliseconds, at least and at most. */
function clockProblem(least: number, most: number): string | null {
  const ahead = least > CLOCK_MARGIN ? least : most < -CLOCK_MARGIN ? most : null;
  if (ahead === null) return null;
  const difference = `${Math.round(Math.abs(ahead) / 1_000)} s ${ahead > 0 ? "behind" : "ahead of"}`;
  return `This gateway's clock is ${difference} the store's. Synchronise both: tokens are issued by one and judged by the other.`;
}
