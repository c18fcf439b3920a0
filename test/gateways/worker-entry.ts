// The Worker under test: as a user's own entry file is, and beside it what a test holds a gateway by.
import { env } from "cloudflare:workers";
import type { ConfigInput } from "../../src/config/schema.ts";
import { PosternRedis as PlainPosternRedis, worker } from "../../src/runtime/workers/index.ts";
import type { Bindings } from "../../src/runtime/workers/platform.ts";
import { redisObject } from "../../src/runtime/workers/redis-object-stub.ts";
import type { StoreObject } from "../../src/runtime/workers/store-object.ts";
import { CONTROL, type Control } from "./worker-control.ts";

export { PosternStore } from "../../src/runtime/workers/index.ts";

// The clock of the isolate, which the Durable Object of the same Worker has as well.
const realNow = Date.now;
let ahead = 0;
Date.now = () => realNow() + ahead;

/** Redis has a clock of its own. */
export class PosternRedis extends PlainPosternRedis {
  protected override clockOffset(): number {
    return ahead;
  }
}

const observed: unknown[] = [];
for (const level of ["debug", "info", "warn", "error"] as const) {
  const write = console[level];
  console[level] = (line: string) => {
    observed.push(JSON.parse(line));
    write.call(console, line);
  };
}

const config = JSON.parse(String(env.TEST_CONFIG)) as ConfigInput;
const gateway = worker(config);

async function obey(control: Control, bindings: Bindings): Promise<unknown> {
  switch (control.kind) {
    case "advance":
      ahead += control.milliseconds;
      return null;
    case "observed":
      return observed;
    case "store":
      return storeOf(bindings)?.call(control.call);
  }
}

function storeOf({ POSTERN_SQLITE, POSTERN_REDIS }: Bindings): StoreObject | undefined {
  if (POSTERN_REDIS === undefined || config.store === undefined) return POSTERN_SQLITE?.getByName("postern");
  // An object of the test's own, with connections of its own.
  const asked = { storeTimeout: 1_000, revocation: { minReplicas: 0 } };
  return redisObject({ namespace: POSTERN_REDIS, region: "control", url: config.store, config: asked }).object();
}

export default {
  ...gateway,
  fetch: async (...[request, bindings, context]: Parameters<typeof gateway.fetch>): Promise<Response> =>
    new URL(request.url).pathname === CONTROL
      ? Response.json(await obey(await request.json(), bindings))
      : gateway.fetch(request, bindings, context),
};
