// The Worker under test: as a user's own entry file is, and beside it what a test holds a gateway by.
import { env } from "cloudflare:workers";
import type { ConfigInput } from "../../src/config/schema.ts";
import { worker } from "../../src/runtime/workers/index.ts";
import type { Bindings } from "../../src/runtime/workers/platform.ts";
import { CONTROL, type Control } from "./worker-control.ts";

export { PosternStore } from "../../src/runtime/workers/index.ts";

// The clock of the isolate, which the Durable Object of the same Worker has as well.
const realNow = Date.now;
let ahead = 0;
Date.now = () => realNow() + ahead;

const observed: unknown[] = [];
for (const level of ["debug", "info", "warn", "error"] as const) {
  const write = console[level];
  console[level] = (line: string) => {
    observed.push(JSON.parse(line));
    write.call(console, line);
  };
}

const gateway = worker(JSON.parse(String(env.TEST_CONFIG)) as ConfigInput);

async function obey(control: Control, bindings: Bindings): Promise<unknown> {
  switch (control.kind) {
    case "advance":
      ahead += control.milliseconds;
      return null;
    case "observed":
      return observed;
    case "store":
      return bindings.POSTERN_SQLITE?.getByName("postern").call(control.call);
  }
}

export default {
  ...gateway,
  fetch: async (...[request, bindings, context]: Parameters<typeof gateway.fetch>): Promise<Response> =>
    new URL(request.url).pathname === CONTROL
      ? Response.json(await obey(await request.json(), bindings))
      : gateway.fetch(request, bindings, context),
};
