import { HOP_BY_HOP } from "../proxy/hop-by-hop.ts";
import { refuseRoutePath } from "./names.ts";

/** RFC 9110 §5.1, without `_`: many servers read it as `-`, so that two names become one. */
const FIELD_NAME = /^[A-Za-z0-9!#$%&'*+.^`|~-]{1,64}$/;
/** RFC 9110 §5.5, in ASCII. */
const FIELD_VALUE = /^[\x21-\x7e](?:[\t\x20-\x7e]{0,4094}[\x21-\x7e])?$/;

/** Where a message ends, and what its bytes are. */
const FRAMING = ["content-length", "content-encoding", "content-range", "expect", "host", "date", ...HOP_BY_HOP];
/** Fields that the gateway writes by rules of its own. */
const OWN = ["via", "forwarded", "traceparent", "tracestate", "x-request-id", "max-forwards"];
const OWN_PREFIXES = ["x-forwarded-", "sec-websocket-"];
/** Credentials and cookies are not for everybody alike. */
const PERSONAL = ["authorization", "cookie", "set-cookie", "clear-site-data", "www-authenticate"];

function refuseChange(name: string): string | null {
  if (!FIELD_NAME.test(name)) return "must be the name of a header field (RFC 9110 §5.1), without _";
  const lower = name.toLowerCase();
  if (FRAMING.includes(lower)) return "belongs to the connection or to the message's framing";
  const own = OWN.includes(lower) || OWN_PREFIXES.some((prefix) => lower.startsWith(prefix));
  return own ? "is written by the gateway" : null;
}

/** What is wrong with changing a request's field of this name, or null. */
export const refuseRequestField = refuseChange;

/** What is wrong with changing a response's field of this name, or null. */
export function refuseResponseField(name: string): string | null {
  if (name.toLowerCase().startsWith("access-control-")) return "is CORS: the option cors says who may read";
  if (name.toLowerCase() === "vary") return "tells caches what a response depends on, which only the service knows";
  return refuseChange(name);
}

/** What is wrong with giving a field one value for everybody, or null. */
export const refuseSetField =
  (refuse: (name: string) => string | null) =>
  (name: string): string | null =>
    PERSONAL.includes(name.toLowerCase()) ? "is not the same for everybody: it cannot be set here" : refuse(name);

/** What is wrong with a name in a CORS list, or null: there `*` is none. */
export const refuseExposedField = (name: string): string | null =>
  FIELD_NAME.test(name) && name !== "*" ? null : "must be the name of a header field (RFC 9110 §5.1)";

export const refuseFieldValue = (value: string): string | null =>
  FIELD_VALUE.test(value) ? null : "must be visible ASCII without line breaks, 4096 characters at most";

/** What is wrong with a prefix of paths, or null. */
export function refusePrefix(path: string): string | null {
  if (!path.startsWith("/") || path.endsWith("/")) return 'must begin with "/" and end without one, such as "/api"';
  return path.includes("*") ? "must be a path without *" : refuseRoutePath(path);
}
