import type { Decision, IncomingRequest } from "../../app/decision.ts";
import { ConfigError } from "../../config/config-error.ts";
import { parseConfig } from "../../config/parse-config.ts";
import type { ConfigInput } from "../../config/schema.ts";
import { problemResponse } from "../../http/problem.ts";
import { webResponse } from "../../http/text-response.ts";
import type { Problem, ProblemCode } from "../../protocol/errors.ts";
import { checkRequest } from "../../proxy/check-request.ts";
import { type Answers, createAnswers } from "./answers.ts";
import { withBrokenBodyTold } from "./client-request.ts";
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

/** What the log calls the paths that are Postern's own. */
const RESERVED = "reserved";
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
        const began = performance.now();
        await isolate.ready(context);
        const { response, ...what } = await answer(isolate, request, context);
        const ms = performance.now() - began;
        isolate.gateway.observe({ kind: "request", method: request.method, ...what, status: response.status, ms });
        return response;
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

/** An answer, and what is told of it. */
interface Answered {
  readonly response: Response;
  readonly route: string;
  readonly outcome: ProblemCode | "proxied" | "answered";
}

const ownAnswer = (response: Response, route: string): Answered => ({ response, route, outcome: "answered" });

async function answer(serving: Serving, request: Request, context: ExecutionContext): Promise<Answered> {
  const { gateway, answers } = serving;
  const incoming = incomingRequest(request);
  const checked = checkRequest({ ...incoming, httpVersion: "1.1" });
  const refuse = (problem: Problem, route: string): Answered => ({
    ...{ response: answers.refuse(problem, incoming.headers, null), route, outcome: problem.code },
  });
  switch (checked.kind) {
    case "refuse":
      return refuse(checked.problem, "-");
    case "options":
      return ownAnswer(answers.answer(204, ["Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"]), "-");
    case "request":
      break;
  }
  const connection = { peer: incoming.peer, headers: incoming.headers };
  if (PROBES.has(incoming.target))
    return ownAnswer(webResponse(await gateway.operations(request, connection)), RESERVED);
  if (!gateway.isReserved(incoming.target)) {
    return carryOut(serving, request, incoming, await gateway.decide(incoming));
  }
  if (isHandedOver(incoming, gateway.config)) {
    const handed = await handOver(request, incoming, gateway.config);
    return handed instanceof Response ? ownAnswer(handed, RESERVED) : refuse(handed, RESERVED);
  }
  const answered = gateway.endpoints(withBrokenBodyTold(request), connection);
  // Begun is done, whether or not the client waits for the answer.
  context.waitUntil(answered.catch(() => {}));
  return ownAnswer(webResponse(await answered), RESERVED);
}

async function carryOut(
  { answers, proxy }: Serving,
  request: Request,
  incoming: IncomingRequest,
  decision: Decision,
): Promise<Answered> {
  const refuse = (problem: Problem): Answered => ({
    ...{ response: answers.refuse(problem, incoming.headers, decided), route, outcome: problem.code },
  });
  const decided = "route" in decision ? decision.route : null;
  const route = decided === null ? "-" : (decided.host ?? "") + decided.path;
  switch (decision.kind) {
    case "pass": {
      const proxied = await proxy(request, incoming, decision);
      if (!proxied.ok) return refuse(proxied.problem);
      return { response: proxied.response, route, outcome: "proxied" };
    }
    case "redirect": {
      const cookies = decision.cookies.flatMap((cookie) => ["Set-Cookie", cookie]);
      const headers = ["Location", decision.location, "Cache-Control", "no-store", ...cookies];
      return ownAnswer(answers.answer(303, headers), route);
    }
    case "preflight":
      return ownAnswer(answers.answer(204, decision.headers), route);
    case "refuse":
      return refuse(decision.problem);
  }
}
