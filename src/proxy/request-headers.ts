import type { HeaderList } from "../lib/header-list.ts";
import type { Route } from "../routing/route.ts";
import { withoutOwnCookies } from "./cookies.ts";
import { addForwardedPrefix, type Forwarding, forwardingHeaders } from "./forwarding.ts";
import { connectionFields, HOP_BY_HOP } from "./hop-by-hop.ts";
import { withoutBearer } from "./subprotocols.ts";

/** What stays the same from request to request. */
export interface RequestHeaderOptions {
  /** Names of the identity headers, in any case. */
  readonly identityNames: readonly string[];
  /** Our name in `Via`. */
  readonly pseudonym: string;
  /** Of the issuer: what clients use, whatever the socket is. */
  readonly scheme: "http" | "https";
}

export interface ForwardedRequest {
  readonly method: string;
  readonly headers: HeaderList;
  /** `1.1` or `1.0`. */
  readonly httpVersion: string;
  readonly route: Pick<Route, "access" | "forwardAuthorization" | "methods" | "requestHeaders" | "rewrite">;
  /** The socket's other end in canonical form, and whether it is a trusted proxy. */
  readonly peer: string;
  readonly peerTrusted: boolean;
  /** Headers about the verified identity, added last. */
  readonly identity: HeaderList;
}

type Treatment =
  | "keep"
  | "drop"
  | "authorization"
  | "cookie"
  | "forwarding"
  | "max-forwards"
  | "method-override"
  | "subprotocols"
  | "via";

/** Fields that an ordinary request has, in the spellings that it has them in: their treatment is found without changing case. */
const COMMON = [
  "Accept",
  "Accept-Encoding",
  "Accept-Language",
  "Cache-Control",
  "Content-Type",
  "If-Modified-Since",
  "If-None-Match",
  "Origin",
  "Pragma",
  "Priority",
  "Range",
  "Referer",
  "Sec-Fetch-Dest",
  "Sec-Fetch-Mode",
  "Sec-Fetch-Site",
  "Sec-Fetch-User",
  "Upgrade-Insecure-Requests",
  "User-Agent",
];

/** What tells a service about another target than the one that was authorised: only a trusted proxy may say it. */
const TARGET_FIELDS = [
  "x-real-ip",
  "x-original-uri",
  "x-original-url",
  "x-original-method",
  "x-original-host",
  "x-rewrite-url",
];

/** What makes frameworks read another method than the one on the wire. */
const METHOD_FIELDS = ["x-http-method-override", "x-http-method", "x-method-override"];

/**
 * The headers that go upstream. Hop-by-hop fields go first; then what only Postern may say is removed, and said anew. `Host` and the
 * framing (Content-Length, Transfer-Encoding) are left to the transport. Lines keep their order.
 */
export function createRequestHeaders(options: RequestHeaderOptions): (request: ForwardedRequest) => string[] {
  const treatments = new Map<string, Treatment>();
  const treat = (treatment: Treatment, names: readonly string[]) => {
    for (const name of names) {
      treatments.set(name.toLowerCase(), treatment);
      treatments.set(trainCase(name), treatment);
    }
  };
  treat("keep", COMMON);
  treat("forwarding", ["forwarded", "traceparent", "tracestate", "x-request-id", ...TARGET_FIELDS]);
  treat("method-override", METHOD_FIELDS);
  treat("authorization", ["authorization"]);
  treat("cookie", ["cookie"]);
  treat("max-forwards", ["max-forwards"]);
  treat("subprotocols", ["sec-websocket-protocol"]);
  treat("via", ["via"]);
  treat("drop", [...HOP_BY_HOP, "host", "content-length", "expect", ...options.identityNames]);

  /** A name with `_` reaches many services as the one with `-`: CGI has one spelling for both (RFC 3875 §4.1.18). */
  function treatmentOf(name: string): Treatment {
    if (name.includes("_")) return "drop";
    const lower = name.toLowerCase();
    return treatments.get(lower) ?? (lower.startsWith("x-forwarded-") ? "forwarding" : "keep");
  }

  return (request) => {
    const { headers } = request;
    const rules = request.route.requestHeaders;
    const named = connectionFields(headers);
    const out: string[] = [];
    const forwarding: Forwarding = { host: null, lines: [] };
    let subprotocols: string[] | null = null;
    for (let index = 0; index < headers.length; index += 2) {
      const name = headers[index] as string;
      const value = headers[index + 1] as string;
      if (forwarding.host === null && name.length === 4 && name.toLowerCase() === "host") forwarding.host = value;
      if (named.size > 0 && named.has(name.toLowerCase())) continue;
      if (rules?.drop.includes(name.toLowerCase())) continue;
      const treatment = treatments.get(name) ?? treatmentOf(name);
      switch (treatment) {
        case "keep":
        case "via":
          out.push(name, value);
          break;
        case "drop":
          break;
        case "authorization":
          if (forwardsAuthorization(request.route)) out.push(name, value);
          break;
        case "cookie": {
          const rest = withoutOwnCookies(value);
          if (rest !== null) out.push(name, rest);
          break;
        }
        case "forwarding":
          if (request.peerTrusted) forwarding.lines.push(name, value);
          break;
        case "max-forwards":
          out.push(name, request.method === "OPTIONS" ? decrement(value) : value);
          break;
        case "method-override":
          // Where the route goes by the method, another one has not been authorised.
          if (request.route.methods === null) out.push(name, value);
          break;
        case "subprotocols":
          subprotocols ??= [];
          subprotocols.push(value);
          break;
        default:
          treatment satisfies never;
      }
    }
    const protocols = subprotocols === null ? null : withoutBearer(subprotocols);
    if (protocols !== null) out.push("Sec-WebSocket-Protocol", protocols);
    out.push("Via", `${request.httpVersion} ${options.pseudonym}`);
    const prefix = request.route.rewrite?.strip ?? "";
    if (prefix !== "") addForwardedPrefix(out, forwarding, prefix);
    forwardingHeaders(out, forwarding, request.peer, options.scheme);
    if (rules !== null) for (const part of rules.set) out.push(part);
    for (const part of request.identity) out.push(part);
    return out;
  };
}

/** A public route reads no credential, so that the header is the upstream's business. */
const forwardsAuthorization = (route: ForwardedRequest["route"]): boolean =>
  route.access.kind === "public" || route.forwardAuthorization;

/** RFC 9110 §7.6.2. What is no number is passed on as it is. */
const decrement = (value: string): string => (/^[1-9]\d{0,8}$/.test(value) ? String(Number(value) - 1) : value);

const trainCase = (name: string): string => name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());

/** Whether a request has been here before: our own name stands in its `Via` (RFC 9110 §7.6.3). */
export function hasLooped(headers: HeaderList, pseudonym: string): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (name.length === 3 && name.toLowerCase() === "via" && (headers[index + 1] as string).includes(pseudonym))
      return true;
  }
  return false;
}
