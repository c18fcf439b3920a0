import { firstHeader, type HeaderList } from "../lib/header-list.ts";

const NONE: HeaderList = [];
const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
const MAX_AGE = "600";
/** No browser asks for more header names than this; longer lists are not echoed (CVE-2026-69207). */
const MAX_REQUEST_HEADERS = 2048;

/** Whether a request asks, on a browser's behalf, if the real one may follow (Fetch §3.2.2). Such a request carries no credential. */
export const isPreflight = (method: string, headers: HeaderList): boolean =>
  method === "OPTIONS" &&
  firstHeader(headers, "origin") !== null &&
  firstHeader(headers, "access-control-request-method") !== null;

/** CORS headers of an answer, for an origin that is listed exactly; never a wildcard, never an echo of what is not listed. */
export function corsHeaders(headers: HeaderList, origins: readonly string[]): HeaderList {
  if (origins.length === 0) return NONE;
  const origin = firstHeader(headers, "origin");
  if (origin === null || !origins.includes(origin)) return ["Vary", "Origin"];
  const exposed = "ETag, WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy";
  return [
    ...["Access-Control-Allow-Origin", origin],
    ...["Access-Control-Allow-Credentials", "true"],
    ...["Access-Control-Expose-Headers", exposed],
    ...["Vary", "Origin"],
  ];
}

/** The headers of the answer to a preflight: 204, with leave only for a listed origin. */
export function preflightHeaders(headers: HeaderList, origins: readonly string[]): HeaderList {
  const allowed = corsHeaders(headers, origins);
  if (!allowed.includes("Access-Control-Allow-Origin")) return allowed;
  const asked = firstHeader(headers, "access-control-request-headers") ?? "";
  const names = asked.length <= MAX_REQUEST_HEADERS && /^[A-Za-z0-9!#$%&'*+.^_`|~, -]+$/.test(asked) ? asked : "";
  return [
    ...allowed,
    ...["Access-Control-Allow-Methods", METHODS],
    ...(names === "" ? [] : ["Access-Control-Allow-Headers", names]),
    ...["Access-Control-Max-Age", MAX_AGE],
  ];
}
