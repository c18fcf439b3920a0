import { firstHeader, type HeaderList, onlyHeader } from "../lib/header-list.ts";
import type { Cors } from "../routing/route.ts";

const NONE: HeaderList = [];
/** No browser asks for more header names than this; longer lists are not echoed (CVE-2026-69207). */
const MAX_REQUEST_HEADERS = 2048;

/** One, and not a list, which two lines are where the platform has joined them (RFC 9110 §9.1). */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Whether a request asks, on a browser's behalf, if the real one may follow (Fetch §3.2.2). Such a request carries no credential. */
export const isPreflight = (method: string, headers: HeaderList): boolean =>
  method === "OPTIONS" &&
  onlyHeader(headers, "origin") !== null &&
  METHOD.test(onlyHeader(headers, "access-control-request-method") ?? "");

/** The method of the request that a preflight asks for. */
export const preflightMethod = (headers: HeaderList): string =>
  firstHeader(headers, "access-control-request-method") ?? "";

/** Whether a preflight is as browsers send it, without a body. */
export const isBare = (headers: HeaderList): boolean =>
  firstHeader(headers, "content-length") === null && firstHeader(headers, "transfer-encoding") === null;

/** CORS headers of an answer, for an origin that is listed exactly; never an echo of what is not listed. Null: not ours to say. */
export function corsHeaders(headers: HeaderList, cors: Cors | null): HeaderList {
  if (cors === null || cors.origins.length === 0) return NONE;
  const everybody = cors.origins[0] === "*";
  const origin = everybody ? "*" : onlyHeader(headers, "origin");
  if (origin === null || !cors.origins.includes(origin)) return ["Vary", "Origin"];
  return [
    ...["Access-Control-Allow-Origin", origin],
    ...(cors.credentials ? ["Access-Control-Allow-Credentials", "true"] : []),
    ...["Access-Control-Expose-Headers", cors.expose],
    ...(everybody ? [] : ["Vary", "Origin"]),
  ];
}

/** The headers of the answer to a preflight: 204, with leave only for a listed origin. */
export function preflightHeaders(headers: HeaderList, cors: Cors | null): HeaderList {
  const allowed = corsHeaders(headers, cors);
  if (cors === null || !allowed.includes("Access-Control-Allow-Origin")) return allowed;
  const names = cors.headers ?? askedHeaders(headers);
  return [
    ...allowed,
    ...["Access-Control-Allow-Methods", cors.methods],
    ...(names === "" ? [] : ["Access-Control-Allow-Headers", names]),
    ...["Access-Control-Max-Age", cors.maxAge],
  ];
}

function askedHeaders(headers: HeaderList): string {
  const asked = firstHeader(headers, "access-control-request-headers") ?? "";
  return asked.length <= MAX_REQUEST_HEADERS && /^[A-Za-z0-9!#$%&'*+.^_`|~, -]+$/.test(asked) ? asked : "";
}
