import type { HeaderList } from "../lib/header-list.ts";
import type { HeaderRules } from "../routing/route.ts";
import { setsOwnCookie, withoutClearingCookies } from "./cookies.ts";
import { connectionFields, HOP_BY_HOP } from "./hop-by-hop.ts";

export interface ForwardedResponse {
  readonly status: number;
  readonly headers: HeaderList;
  /** Our name in `Via`. */
  readonly pseudonym: string;
  /** Whether the request acted as somebody. */
  readonly authenticated: boolean;
  /** Whole Set-Cookie values of Postern's own. */
  readonly cookies: readonly string[];
  /** CORS headers of this answer. Where they let an origin in, they stand in for the upstream's own leave. */
  readonly cors: HeaderList;
  /** Whether nothing else that the upstream says of CORS passes. */
  readonly corsAlone: boolean;
  /** Of the route. */
  readonly rules: HeaderRules | null;
}

const DROPPED = new Set(HOP_BY_HOP);
/** Two of these in one answer, and a browser believes neither (Fetch §4.9). */
const LEAVE = new Set(["access-control-allow-origin", "access-control-allow-credentials"]);

/**
 * The headers that go to the client, lines in their order, or null where the response's framing cannot be passed on (a transfer
 * coding besides chunked). The transport frames the body anew; `Content-Length` is kept where it says the truth.
 */
export function responseHeaders(response: ForwardedResponse): string[] | null {
  const { headers, status, cookies, cors, corsAlone, rules } = response;
  const ownLeave = cors.length > 2;
  const named = connectionFields(headers);
  const ownCaching = cookies.length > 0;
  const out: string[] = [];
  let cacheControl = false;
  let chunked = false;
  let lengthAt = -1;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    const value = headers[index + 1] as string;
    const lower = name.toLowerCase();
    if (lower === "transfer-encoding") {
      if (chunked || value.toLowerCase() !== "chunked") return null;
      chunked = true;
    }
    if (DROPPED.has(lower) || (named.size > 0 && named.has(lower))) continue;
    if (rules?.drop.includes(lower)) continue;
    if (corsAlone && lower.startsWith("access-control-")) continue;
    switch (lower) {
      case "set-cookie":
        if (!setsOwnCookie(value)) out.push(name, value);
        break;
      case "clear-site-data": {
        const rest = withoutClearingCookies(value);
        if (rest !== null) out.push(name, rest);
        break;
      }
      case "content-length":
        // RFC 9110 §8.6: none with 204.
        if (status === 204 || lengthAt !== -1) break;
        lengthAt = out.length;
        out.push(name, value);
        break;
      case "cache-control":
        if (ownCaching) break;
        cacheControl = true;
        out.push(name, value);
        break;
      default:
        if (!(ownLeave && LEAVE.has(lower))) out.push(name, value);
    }
  }
  // RFC 9112 §6.3: the chunked coding overrides a length.
  if (chunked && lengthAt !== -1) out.splice(lengthAt, 2);
  out.push("Via", `1.1 ${response.pseudonym}`);
  if (rules !== null) {
    for (let index = 0; index < rules.set.length; index += 2) {
      const name = rules.set[index] as string;
      const caching = name.toLowerCase() === "cache-control";
      if (caching && ownCaching) continue;
      cacheControl ||= caching;
      out.push(name, rules.set[index + 1] as string);
    }
  }
  for (const part of cors) out.push(part);
  for (const cookie of cookies) out.push("Set-Cookie", cookie);
  if (ownCaching) out.push("Cache-Control", "no-store");
  else if (response.authenticated && !cacheControl) out.push("Cache-Control", "private");
  return out;
}

/** An interim response is about no body, and browsers take no cookies from one. */
const NOT_INTERIM = new Set([...HOP_BY_HOP, "set-cookie", "content-length", "clear-site-data"]);

/** The headers of an interim response that go to the client (RFC 9110 §15.2); of the route's rules, what is removed is so here. */
export function interimHeaders(headers: HeaderList, rules: HeaderRules | null): string[] {
  const named = connectionFields(headers);
  const out: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    const lower = name.toLowerCase();
    if (NOT_INTERIM.has(lower) || named.has(lower) || rules?.drop.includes(lower)) continue;
    out.push(name, headers[index + 1] as string);
  }
  return out;
}
