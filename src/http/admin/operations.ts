import { Hono } from "hono";
import { StoreOutcomeUnknown, type StoreTrouble, StoreUnavailable } from "../../stores/store.ts";
import { problemResponse } from "../problem.ts";
import type { PosternEnv } from "../request-facts.ts";
import type { Services } from "../services.ts";
import { adminEndpoints } from "./endpoints.ts";

/** The operations listener: probes, metrics and the admin API. */
export function operationsApp(services: Services): Hono<PosternEnv> {
  const app = new Hono<PosternEnv>();
  app.onError((error) => {
    services.observe({ kind: "internal_error", where: "operations", message: error.message });
    return problemResponse({ code: "internal" });
  });
  app.notFound(() => problemResponse({ code: "not_found" }));
  // Alive is whoever answers; what it depends on is for readiness, or an outage of the store would restart every gateway.
  app.get("/healthz", (c) => c.json({ status: "ok" }, 200, { "Cache-Control": "no-store" }));
  app.get("/readyz", async (c) => {
    const { ready, ...found } = await readiness(services);
    const status = ready ? "ready" : services.isLeaving() ? "stopping" : "not ready";
    return c.json({ status, ...found, config: services.configHash }, ready ? 200 : 503, {
      "Cache-Control": "no-store",
    });
  });
  const { metrics } = services;
  if (metrics !== undefined) {
    app.get("/metrics", async (c) =>
      c.body(await metrics.text(), 200, { "Content-Type": metrics.contentType, "Cache-Control": "no-store" }),
    );
  }
  app.route("/admin", adminEndpoints(services));
  return app;
}

/** What keeps the gateway from serving, by name; `problems`: what its operator must change. */
async function readiness(services: Services) {
  const view = services.viewState();
  const store = await storeState(services);
  const checks = {
    store: store.state,
    view,
    keys: services.keyRing.jwks().keys.length === 0 ? "missing" : "ok",
  };
  const caughtUp = view === "fresh" || view === "aging";
  const able = checks.store === "ok" && caughtUp && checks.keys === "ok";
  const problems = store.problem === null ? {} : { problems: [store.problem] };
  return { ready: able && !services.isLeaving(), checks, ...problems };
}

interface StoreState {
  readonly state: "ok" | StoreTrouble;
  readonly problem: string | null;
}

async function storeState(services: Services): Promise<StoreState> {
  try {
    await services.store.time({});
    return { state: "ok", problem: null };
  } catch (error) {
    if (!(error instanceof StoreUnavailable || error instanceof StoreOutcomeUnknown)) throw error;
    return { state: error.trouble, problem: error.trouble === "unsuitable" ? error.message : null };
  }
}
