import type { Readiness } from "../observe/readiness.ts";
import { StoreOutcomeUnknown, type StoreTrouble, StoreUnavailable } from "../stores/store.ts";
import type { Services } from "./services.ts";

type Asked = Pick<Services, "store" | "viewState" | "keyRing" | "isLeaving">;

/** What keeps the gateway from serving, by name. */
export async function readinessOf(asked: Asked, config: string): Promise<Readiness> {
  const view = asked.viewState();
  const store = await storeState(asked);
  const checks = {
    store: store.state,
    view,
    keys: asked.keyRing.jwks().keys.length === 0 ? "missing" : "ok",
  };
  const caughtUp = view === "fresh" || view === "aging";
  const able = checks.store === "ok" && caughtUp && checks.keys === "ok";
  const status = asked.isLeaving() ? "stopping" : able ? "ready" : "not ready";
  const problems = store.problem === null ? {} : { problems: [store.problem] };
  return { ready: status === "ready", status, checks, ...problems, config };
}

interface StoreState {
  readonly state: "ok" | StoreTrouble;
  readonly problem: string | null;
}

async function storeState({ store }: Asked): Promise<StoreState> {
  try {
    await store.time({});
    return { state: "ok", problem: null };
  } catch (error) {
    if (!(error instanceof StoreUnavailable || error instanceof StoreOutcomeUnknown)) throw error;
    return { state: error.trouble, problem: error.trouble === "unsuitable" ? error.message : null };
  }
}
