import { Hono } from "hono";
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
    const { ready, ...found } = await services.reports.readiness();
    return c.json(found, ready ? 200 : 503, { "Cache-Control": "no-store" });
  });
  const { metricsType } = services;
  if (metricsType !== null) {
    app.get("/metrics", async (c) =>
      c.body(await services.reports.metrics(), 200, { "Content-Type": metricsType, "Cache-Control": "no-store" }),
    );
  }
  app.route("/admin", adminEndpoints(services));
  return app;
}
