import type { Decision, IncomingRequest } from "../../app/decision.ts";
import type { Gateway } from "../../app/gateway.ts";
import type { OpenStreams } from "../../app/open-streams.ts";
import { firstHeader, type HeaderList } from "../../lib/header-list.ts";
import type { StreamKind } from "../../observe/streams.ts";
import type { UpstreamFailure } from "../../observe/upstreams.ts";
import { corsHeaders } from "../../policy/cors.ts";
import type { Problem } from "../../protocol/errors.ts";
import { createAddressSet } from "../../proxy/address.ts";
import { bodyTooLong, isTooLong } from "../../proxy/body-limit.ts";
import { createRequestHeaders, hasLooped } from "../../proxy/request-headers.ts";
import { responseHeaders } from "../../proxy/response-headers.ts";
import { rewriteTarget } from "../../proxy/rewrite.ts";
import { isGatewayStatus, problemOf } from "../../proxy/upstream-failure.ts";
import { limitedBody } from "./body-limit.ts";
import { headerLines } from "./incoming.ts";
import { type Target, Targets } from "./targets.ts";
import { watchedBody } from "./watched-body.ts";
import { asksForWebSocket, joinWebSockets, withoutHandshake } from "./websocket.ts";

export type Passed = Extract<Decision, { kind: "pass" }>;

/** What became of a request that was sent on, or why it was not. */
export type Proxied =
  | { readonly ok: true; readonly response: Response }
  | { readonly ok: false; readonly problem: Problem };

/** Sends a request that may pass to its upstream, by the platform's fetch. */
export type SendOn = (request: Request, incoming: IncomingRequest, passed: Passed) => Promise<Proxied>;

/** Safe methods: asked twice, they do no more than once (RFC 9110 §9.2.1). */
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);
const EVENT_STREAM = /^\s*text\/event-stream\b/i;
/** Answers without a body (Fetch §2.2.3), besides 101. */
const NO_BODY = new Set([204, 205, 304]);
/** Bytes of a body that is over before anybody could cut it. */
const SHORT = 256 * 1024;
/** The platform decodes bodies, and codes them anew, unless it is told not to. */
const AS_IT_IS: object = { encodeBody: "manual" };
const AS_IT_COMES: object = { encodeResponseBody: "manual" };

export function createProxy(gateway: Gateway): SendOn {
  const { config } = gateway;
  const upstreams = new Map(
    Object.values(config.upstreams).map((upstream) => [
      upstream.name,
      new Targets({ upstream, observe: gateway.observe, monotonic: () => performance.now() }),
    ]),
  );
  const trusted = createAddressSet(config.trustedProxies);
  // The same in every isolate: a request that comes round may come to another one.
  const pseudonym = `postern-edge-${new URL(config.issuer).host}`;
  const requestHeaders = createRequestHeaders({
    identityNames: Object.values(config.identityHeaders),
    pseudonym,
    scheme: config.issuer.startsWith("https:") ? "https" : "http",
  });

  return async (request, incoming, passed) => {
    const { route, principal, cookies } = passed;
    const upgrade = asksForWebSocket(request);
    if (upgrade && !route.websocket) return refuse("forbidden", "This route takes no WebSockets.");
    const targets = route.upstream === null ? undefined : upstreams.get(route.upstream);
    if (targets === undefined) return refuse("not_found", "No service stands behind this route.");
    if (hasLooped(incoming.headers, pseudonym)) {
      return refuse("upstream_failed", "The request has come back to where it was before.");
    }
    if (route.maxBody !== null && isTooLong(firstHeader(incoming.headers, "content-length"), route.maxBody)) {
      return { ok: false, problem: bodyTooLong(route.maxBody) };
    }
    const identity = principal === null ? [] : await gateway.identityHeaders(principal, targets.upstream.name);
    const lines = requestHeaders({
      ...{ method: incoming.method, headers: incoming.headers, httpVersion: "1.1", route, identity },
      ...{ peer: incoming.peer, peerTrusted: trusted(incoming.peer) },
    });
    const headers = headersOf(upgrade ? withoutHandshake(lines) : lines);
    if (upgrade) headers.set("Upgrade", "websocket");
    const { method } = request;
    if (hasUnsendableBody(request)) return refuse("validation", "A body of GET or HEAD is not sent on.");
    const { body, bound } = bodyOf(request, route.maxBody);
    const path = route.rewrite === null ? incoming.target : rewriteTarget(route.rewrite, incoming.target);
    // The platform's cache goes by the URL, and knows nothing of who asks.
    const cached = principal === null ? {} : ({ cache: "no-store" } as const);
    const sent = await send(
      targets,
      path,
      { method, headers, body, redirect: "manual", ...cached, ...AS_IT_COMES },
      bound,
    );
    if (!(sent instanceof Response)) return { ok: false, problem: sent };

    // Response takes no other status (Fetch §5.5), and 101 is for who asked for it.
    if ((sent.status < 200 && !(upgrade && sent.status === 101)) || sent.status > 599) return refuse("upstream_failed");
    const written = responseHeaders({
      ...{ status: sent.status, headers: headerLines(sent.headers), pseudonym, cookies },
      ...{ authenticated: principal !== null, cors: corsHeaders(incoming.headers, route.cors) },
      corsAlone: route.cors?.alone ?? false,
      rules: route.responseHeaders,
    });
    if (written === null) return refuse("upstream_failed");
    if (upgrade && sent.status === 101) {
      const response = joinWebSockets(sent, headersOf(written), incoming.headers, passed, gateway.streams);
      return response === null ? refuse("upstream_failed") : { ok: true, response };
    }
    return { ok: true, response: answerOf(sent, method, written, passed, gateway.streams) };
  };
}

interface SentBody {
  readonly body: ReadableStream<Uint8Array> | null;
  /** Aborted when it is too long: for the upstream, the end of the stream alone would be the end of a whole body. */
  readonly bound: { readonly passed: AbortSignal; readonly problem: Problem } | null;
}

/** The platform's fetch takes no body with these methods, not even one of no length. */
const takesNoBody = ({ method }: Request): boolean => method === "GET" || method === "HEAD";

const hasUnsendableBody = (request: Request): boolean =>
  takesNoBody(request) && request.body !== null && request.headers.get("content-length") !== "0";

/** The body, bounded where its length is not known before. */
function bodyOf(request: Request, max: number | null): SentBody {
  const { body, headers } = request;
  if (takesNoBody(request)) return { body: null, bound: null };
  if (body === null || max === null || headers.has("content-length")) return { body, bound: null };
  const passed = new AbortController();
  const bound = { passed: passed.signal, problem: bodyTooLong(max) };
  return { body: limitedBody(body, max, () => passed.abort()), bound };
}

const refuse = (code: Problem["code"], detail?: string): Proxied => ({
  ok: false,
  problem: detail === undefined ? { code } : { code, detail },
});

function headersOf(lines: HeaderList): Headers {
  const headers = new Headers();
  for (let index = 0; index < lines.length; index += 2) {
    const [name, value] = [lines[index] as string, lines[index + 1] as string];
    const cookies = name.toLowerCase() === "cookie" ? headers.get(name) : null;
    // Lines of cookies are joined by semicolons (RFC 9113 §8.2.3).
    if (cookies === null) headers.append(name, value);
    else headers.set(name, `${cookies}; ${value}`);
  }
  return headers;
}

/**
 * The body goes on as it comes, in the coding that it has. A short one, or one that nobody in particular gets, is left to the platform
 * altogether; any other is watched, so that it can be cut.
 */
function answerOf(sent: Response, method: string, lines: HeaderList, passed: Passed, streams: OpenStreams): Response {
  const init = { status: sent.status, headers: headersOf(lines), ...AS_IT_IS };
  const { principal, route } = passed;
  if (NO_BODY.has(sent.status) || method === "HEAD" || sent.body === null) return new Response(null, init);
  const said = init.headers.get("content-length");
  const length = said === null ? null : Number(said);
  if (principal === null || (length !== null && length <= SHORT)) return new Response(sent.body, init);
  const streamKind = kindOf(length, init.headers);
  return new Response(watchedBody(sent.body, length, { streamKind, principal, route }, streams), init);
}

function kindOf(length: number | null, headers: Headers): StreamKind {
  if (length !== null) return "download";
  return EVENT_STREAM.test(headers.get("content-type") ?? "") ? "event_stream" : "response";
}

/** Asks one target, and another where that cannot have been reached and asking does no more than it would once. */
async function send(
  targets: Targets,
  path: string,
  init: RequestInit,
  bound: SentBody["bound"],
): Promise<Response | Problem> {
  const mayRepeat = init.body == null && SAFE.has(init.method ?? "GET");
  for (let before: Target | null = null; ; ) {
    const target = targets.take(before);
    const answer = await ask(target.origin + path, init, targets.upstream.responseTimeout, bound?.passed ?? null);
    targets.release(target);
    if (answer instanceof Response) {
      if (isGatewayStatus(answer.status)) targets.failed(target, "gateway_status");
      else targets.succeeded(target);
      return answer;
    }
    if (bound?.passed.aborted) return bound.problem;
    const failure = failureOf(answer, init.body != null);
    targets.failed(target, failure);
    if (answer === "timeout" || !mayRepeat || before !== null) return problemOf(failure);
    before = target;
  }
}

/** The platform says of all failures the same; and where a client breaks off its body, that the connection was lost as well. */
function failureOf(answer: "failed" | "timeout", hasBody: boolean): UpstreamFailure {
  if (answer === "timeout") return "response_timeout";
  return hasBody ? "closed" : "connect";
}

/** `timeout`: milliseconds until the response's headers have come. */
async function ask(
  url: string,
  init: RequestInit,
  timeout: number,
  stop: AbortSignal | null,
): Promise<Response | "failed" | "timeout"> {
  const gaveUp = new AbortController();
  const timer = setTimeout(() => gaveUp.abort(), timeout);
  try {
    return await fetch(url, {
      ...init,
      signal: stop === null ? gaveUp.signal : AbortSignal.any([gaveUp.signal, stop]),
    });
  } catch {
    return gaveUp.signal.aborted ? "timeout" : "failed";
  } finally {
    clearTimeout(timer);
  }
}
