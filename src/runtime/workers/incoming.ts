import type { IncomingRequest } from "../../app/decision.ts";
import { canonicalAddress } from "../../proxy/address.ts";

/** The client's address: the platform sets it, whatever the client says. */
const PEER = "cf-connecting-ip";

/**
 * A request as the decision takes it. The platform has parsed it already: the target is the one of its URL, with dot segments resolved,
 * which is also what goes upstream; lines of one name have become one, those of cookies excepted.
 */
export function incomingRequest(request: Request): IncomingRequest {
  const url = new URL(request.url);
  const peer = request.headers.get(PEER) ?? "";
  return {
    method: request.method,
    target: url.href.slice(url.origin.length),
    headers: headerLines(request.headers, PEER),
    peer: canonicalAddress(peer) ?? peer,
  };
}

/** Isolates of one continent share an object; what runs by the clock has no place. */
export const NO_REGION = "any";

/** The continent that a request comes from (https://developers.cloudflare.com/workers/runtime-apis/request/#incomingrequestcfproperties). */
export function regionOf(request: Request): string {
  const cf: unknown = "cf" in request ? request.cf : null;
  if (typeof cf !== "object" || cf === null || !("continent" in cf)) return NO_REGION;
  return typeof cf.continent === "string" ? cf.continent : NO_REGION;
}

/** Names and values in turn, in lower case, without the lines called `except`. */
export function headerLines(headers: Headers, except?: string): string[] {
  const lines: string[] = [];
  // The iterator makes three objects for each line.
  headers.forEach((value, name) => {
    if (name === "cookie") for (const line of cookieLines(value)) lines.push(name, line);
    else if (name !== except) lines.push(name, value);
  });
  return lines;
}

/**
 * The platform joins cookie lines with commas, as all others: read as one, a cookie of ours would be part of another's value, and go
 * upstream. No cookie's value may hold a comma (RFC 6265 §4.1.1).
 */
const cookieLines = (value: string): string[] => value.split(/, (?=[^\s=;,]+=)/);
