import { allHeaders, firstHeader } from "../lib/header-list.ts";
import { randomHex } from "../lib/random-hex.ts";
import { isRequestId, isTraceparent } from "./trace.ts";

/** What a request says about its way here: its own Host, and the lines of a trusted proxy. */
export interface Forwarding {
  host: string | null;
  readonly lines: string[];
}

/** Adds who asked, for which host, and the request's id and trace. What a trusted proxy has said is kept and added to. */
export function forwardingHeaders(out: string[], { host, lines }: Forwarding, peer: string, scheme: string): void {
  if (lines.length > 0) {
    extend(out, { host, lines }, peer, scheme);
    return;
  }
  const id = randomHex(16);
  out.push("X-Forwarded-For", peer, "X-Forwarded-Proto", scheme);
  if (host !== null) out.push("X-Forwarded-Host", host);
  out.push("X-Request-Id", id, "traceparent", newTraceparent(id));
}

const PREFIX = "x-forwarded-prefix";

/** Adds what has been taken from the path, behind what a trusted proxy has taken from it before. */
export function addForwardedPrefix(out: string[], { lines }: Forwarding, prefix: string): void {
  const before = allHeaders(lines, PREFIX);
  for (let at = lines.length - 2; at >= 0; at -= 2) {
    if ((lines[at] as string).toLowerCase() === PREFIX) lines.splice(at, 2);
  }
  out.push("X-Forwarded-Prefix", [...before, prefix].join(", "));
}

/** Sampled: a service's own sampler decides, where "not sampled" would silence it (W3C Trace Context §3.2.2.5). */
const newTraceparent = (traceId: string): string => `00-${traceId}-${randomHex(8)}-01`;

const ACCUMULATED = new Set(["x-forwarded-for", "forwarded", "x-request-id", "traceparent", "tracestate"]);

function extend(out: string[], { host, lines }: Forwarding, peer: string, scheme: string): void {
  for (let index = 0; index < lines.length; index += 2) {
    const name = lines[index] as string;
    if (!ACCUMULATED.has(name.toLowerCase())) out.push(name, lines[index + 1] as string);
  }
  out.push("X-Forwarded-For", [...allHeaders(lines, "x-forwarded-for"), peer].join(", "));
  const forwarded = allHeaders(lines, "forwarded");
  if (forwarded.length > 0) out.push("Forwarded", [...forwarded, forwardedFor(peer)].join(", "));
  if (firstHeader(lines, "x-forwarded-proto") === null) out.push("X-Forwarded-Proto", scheme);
  if (host !== null && firstHeader(lines, "x-forwarded-host") === null) out.push("X-Forwarded-Host", host);

  const id = only(allHeaders(lines, "x-request-id"), isRequestId) ?? randomHex(16);
  out.push("X-Request-Id", id);
  const traceparent = only(allHeaders(lines, "traceparent"), isTraceparent);
  if (traceparent === null) {
    out.push("traceparent", newTraceparent(randomHex(16)));
    return;
  }
  out.push("traceparent", traceparent);
  for (const state of allHeaders(lines, "tracestate")) out.push("tracestate", state);
}

/** RFC 7239 §6: an IPv6 address stands in brackets and quotes. */
const forwardedFor = (address: string): string => (address.includes(":") ? `for="[${address}]"` : `for=${address}`);

function only(values: readonly string[], isGood: (value: string) => boolean): string | null {
  const [value] = values;
  return value !== undefined && values.length === 1 && isGood(value) ? value : null;
}
