import { allHeaders, firstHeader, type HeaderList } from "../lib/header-list.ts";
import { PROBLEMS, type Problem } from "../protocol/errors.ts";
import type { AddressSet } from "../proxy/address.ts";
import { HOST } from "../proxy/check-request.ts";
import type { Route } from "../routing/route.ts";
import type { Principal } from "../tokens/principal.ts";
import type { Decide, IncomingRequest } from "./decision.ts";

export interface ForwardAuthOptions {
  readonly decide: Decide;
  readonly trusted: AddressSet;
  /** Every identity header, empty where there is nothing. */
  readonly identity: (passed: {
    readonly principal: Principal | null;
    readonly route: Pick<Route, "upstream" | "host">;
  }) => Promise<HeaderList>;
}

/** The verdict for the proxy that asked: 200 with headers, or a problem of status 401, 403 or 503. */
export type ForwardVerdict =
  | { readonly ok: true; readonly headers: HeaderList }
  | { readonly ok: false; readonly problem: Problem };

const METHOD_NAMES = ["x-forwarded-method", "x-original-method"] as const;
const TARGET_NAMES = ["x-forwarded-uri", "x-original-uri"] as const;
/** What names the request to judge, and what would make the decision answer a page load: a proxy wants a plain verdict. */
const LEFT_OUT = new Set([...METHOD_NAMES, ...TARGET_NAMES, "host", "sec-fetch-mode", "sec-fetch-dest", "accept"]);

/**
 * Judges a request on behalf of another proxy (docs/http.md). The request to judge is believed only from a trusted peer and only
 * when it is named once and without contradiction (CVE-2026-40575).
 */
export function createForwardAuth(options: ForwardAuthOptions): (request: IncomingRequest) => Promise<ForwardVerdict> {
  return async (request) => {
    if (!options.trusted(request.peer)) return targetProblem("This endpoint answers trusted proxies only.");
    const judged = judgedRequest(request);
    if (typeof judged === "string") return targetProblem(judged);
    const decision = await options.decide(judged);
    switch (decision.kind) {
      case "pass": {
        const cookies = decision.cookies.flatMap((cookie) => ["Set-Cookie", cookie]);
        return { ok: true, headers: [...(await options.identity(decision)), ...cookies] };
      }
      case "refuse":
        return { ok: false, problem: asForwardProblem(decision.problem) };
      case "redirect":
        return { ok: false, problem: { code: "unauthenticated" } };
      case "preflight":
        // A preflight carries no credential and asks for nothing: the proxy may let it through to the service's own CORS.
        if (!decision.routed) return { ok: false, problem: { code: "forbidden" } };
        return {
          ok: true,
          headers: await options.identity({ principal: null, route: { upstream: null, host: null } }),
        };
    }
  };
}

const targetProblem = (detail: string): ForwardVerdict => ({ ok: false, problem: { code: "verify_target", detail } });

/** The request that the headers name, or what is wrong with them. */
function judgedRequest(request: IncomingRequest): IncomingRequest | string {
  const { headers, peer } = request;
  const method = onlyValue(headers, METHOD_NAMES);
  const target = onlyValue(headers, TARGET_NAMES);
  const host = judgedHost(headers);
  if (method === null || target === null) return "Name the request once, by its method and its URI.";
  if (host === null || !HOST.test(host)) return "Name the host once.";
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/.test(method)) return "The method is not a method.";
  if (!/^\/[\x21-\x7e]*$/.test(target)) return "The URI must be a path and a query.";
  const kept: string[] = ["Host", host];
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (!LEFT_OUT.has(name.toLowerCase())) kept.push(name, headers[index + 1] as string);
  }
  return { method, target, headers: kept, peer };
}

/**
 * Traefik and Caddy write `X-Forwarded-Host` with their other names, and a Host of their own. nginx asks with the client's headers: a
 * forwarded host beside its names is the client's, unless it says the same as Host.
 */
function judgedHost(headers: HeaderList): string | null {
  if (firstHeader(headers, "x-forwarded-uri") === null) return onlyValue(headers, ["host", "x-forwarded-host"]);
  const isForwarded = firstHeader(headers, "x-forwarded-host") !== null;
  return onlyValue(headers, [isForwarded ? "x-forwarded-host" : "host"]);
}

/** The value that stands under one of these names, once, or under several without a difference; null otherwise. */
function onlyValue(headers: HeaderList, names: readonly string[]): string | null {
  const values = names.map((name) => allHeaders(headers, name));
  if (values.some((lines) => lines.length > 1)) return null;
  const [value, ...others] = values.flat();
  return value === undefined || others.some((other) => other !== value) ? null : value;
}

/**
 * Proxies understand 401, 403 and 503 only. A limit is passed over by waiting, as 503 says; what else there is to refuse for is "not
 * allowed" to them.
 */
function asForwardProblem(problem: Problem): Problem {
  const { status } = PROBLEMS[problem.code];
  if (status === 401 || status === 403 || status === 503) return problem;
  if (status === 429) return { ...problem, code: "overloaded", detail: PROBLEMS[problem.code].title };
  return { code: "forbidden", detail: PROBLEMS[problem.code].title };
}
