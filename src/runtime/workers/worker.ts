import type { Decision, IncomingRequest } from "../../app/decision.ts";
import { ConfigError } from "../../config/config-error.ts";
import { parseConfig } from "../../config/parse-config.ts";
import type { ConfigInput } from "../../config/schema.ts";
import { problemResponse } from "../../http/problem.ts";
import { checkRequest } from "../../proxy/check-request.ts";
import { type Answers, createAnswers } from "./answers.ts";
import { readWorkerEnvironment } from "./environment.ts";
import { handOver, isHandedOver } from "./handed-over.ts";
import { incomingRequest, NO_REGION, regionOf } from "./incoming.ts";
import { createIsolate, type Isolate } from "./isolate.ts";
import { writeLog } from "./log.ts";
import type { Bindings, ExecutionContext, ScheduledController } from "./platform.ts";
import { platformProblems } from "./platform-limits.ts";
import { createProxy, type SendOn } from "./proxy.ts";
import { VERSION } from "./version.ts";

/** What a Worker's module exports by default. */
export interface WorkerHandlers {
  fetch(request: Request, env: Bindings, context: ExecutionContext): Promise<Response>;
  scheduled(controller: ScheduledController, env: Bindings, context: ExecutionContext): Promise<void>;
}

interface Serving extends Isolate {
  readonly answers: Answers;
  readonly proxy: SendOn;
}

const PROBES = new Set(["/healthz", "/readyz"]);
/** Rounds of clearing away that one scheduled event makes at most. */
const MAX_SWEEPS = 50;

/** A gateway as a Worker: `export default worker(config)`. Throws ConfigError where the configuration cannot be used. */
export function worker(config: ConfigInput): WorkerHandlers {
  // At once, so that a bad configuration is never deployed.
  const parsed = parseConfig(config);
  const problems = parsed.ok ? platformProblems(parsed.config) : parsed.problems;
  if (problems.length > 0) throw new ConfigError("The configuration", problems);
  let serving: Serving | null = null;

  /** Two requests may come to a cold isolate at once: none waits for the other, and the first to be done is taken. */
  async function isolateFor(env: Bindings, region: string): Promise<Serving> {
    if (serving !== null) return serving;
    const environment = readWorkerEnvironment(config, env);
    const isolate = await createIsolate(environment, VERSION, writeLog(environment.config), region);
    serving ??= { ...isolate, answers: createAnswers(isolate.gateway), proxy: createProxy(isolate.gateway) };
    return serving;
  }

  return {
    async fetch(request, env, context) {
      try {
        const isolate = await isolateFor(env, regionOf(request));
        await isolate.ready(context);
        return await answer(isolate, request, context);
      } catch (error) {
        return failed(error);
      }
    },
    async scheduled(_controller, env) {
      const { gateway } = await isolateFor(env, NO_REGION);
      await gateway.tend();
      for (let sweeps = 0; sweeps < MAX_SWEEPS && (await gateway.sweep()); sweeps += 1);
    },
  };
}

/** Nothing of the error goes to the client. */
function failed(error: unknown): Response {
  console.error(
    JSON.stringify({ msg: "internal_error", message: error instanceof Error ? error.message : String(error) }),
  );
  return problemResponse({ code: "internal" });
}

async function answer(serving: Serving, request: Request, context: ExecutionContext): Promise<Response> {
  const { gateway, answers } = serving;
  const incoming = incomingRequest(request);
  const checked = checkRequest({ ...incoming, httpVersion: "1.1" });
  switch (checked.kind) {
    case "refuse":
      return answers.refuse(checked.problem, incoming.headers, null);
    case "options":
      return answers.answer(204, ["Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"]);
    case "request":
      break;
  }
  const connection = { peer: incoming.peer, headers: incoming.headers };
  if (PROBES.has(incoming.target)) return gateway.operations(request, connection);
  if (gateway.isReserved(incoming.target) && isHandedOver(incoming, gateway.config)) {
    const handed = await handOver(request, incoming, gateway.config);
    return handed instanceof Response ? handed : answers.refuse(handed, incoming.headers, null);
  }
  if (gateway.isReserved(incoming.target)) {
    const answered = gateway.endpoints(request, connection);
    // Begun is done, whether or not the client waits for the answer.
    context.waitUntil(answered.catch(() => {}));
    return answered;
  }
  return carryOut(serving, request, incoming, await gateway.decide(incoming));
}

async function carryOut(
  serving: Serving,
  request: Request,
  incoming: IncomingRequest,
  decision: Decision,
): Promise<Response> {
  const { answers, proxy } = serving;
  switch (decision.kind) {
    case "pass": {
      const proxied = await proxy(request, incoming, decision);
      return proxied.ok ? proxied.response : answers.refuse(proxied.problem, incoming.headers, decision.route);
    }
    case "redirect": {
      const cookies = decision.cookies.flatMap((cookie) => ["Set-Cookie", cookie]);
      return answers.answer(303, ["Location", decision.location, "Cache-Control", "no-store", ...cookies]);
    }
    case "preflight":
      return answers.answer(204, decision.headers);
    case "refuse":
      return answers.refuse(decision.problem, incoming.headers, decision.route);
  }
}
