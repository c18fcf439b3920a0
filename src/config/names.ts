/** RFC 6749 §3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;
/** RFC 9110 §5.1, without `_`: many servers read it as `-`, so that two names become one. */
const FIELD_NAME = /^[A-Za-z0-9!#$%&'*+.^`|~-]{1,64}$/;
/** RFC 9110 §9.1. */
const METHOD = /^[A-Z][A-Z0-9-]{0,31}$/;

/** Fields whose meaning is fixed: an identity must not travel in them. */
const TAKEN_FIELDS = new Set(
  "authorization connection content-length content-type cookie expect forwarded host keep-alive proxy-authorization set-cookie te traceparent trailer transfer-encoding upgrade via x-forwarded-for x-forwarded-host x-forwarded-proto x-request-id".split(
    " ",
  ),
);

export const refuseScope = (scope: string): string | null =>
  SCOPE.test(scope) ? null : "must be a scope of RFC 6749 §3.3: visible ASCII without spaces, quotes and backslashes";

/** Roles travel in a header, separated by spaces or commas. */
export const refuseRole = (name: string): string | null =>
  /^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/.test(name)
    ? null
    : "a role is named with a letter, then letters, digits and _ . : - (64 at most)";

export const refuseClientId = (id: string): string | null =>
  /^c_[A-Za-z0-9_-]{1,62}$/.test(id) ? null : "a client's id is c_ and 1 to 62 letters, digits, _ and -";

export const refuseUpstreamName = (name: string): string | null =>
  /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(name)
    ? null
    : "an upstream is named with a letter or digit, then letters, digits and _ . - (64 at most)";

export const refuseSecretHash = (hash: string): string | null =>
  /^sha256:[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(hash)
    ? null
    : 'must be "sha256:" and 43 characters of base64url, the SHA-256 of the secret (never the secret itself)';

export function refuseFieldName(name: string): string | null {
  if (name.includes("_")) return "must not contain _: servers behind gateways read it as -";
  if (!FIELD_NAME.test(name)) return "must be the name of a header field (RFC 9110 §5.1)";
  return TAKEN_FIELDS.has(name.toLowerCase()) ? "is a header with a meaning of its own" : null;
}

export function refuseMethod(method: string): string | null {
  if (!METHOD.test(method)) return `must be a method in capital letters, such as "GET"`;
  return method === "TRACE" || method === "CONNECT" ? `${method} is never forwarded` : null;
}

export const refuseHost = (host: string): string | null =>
  /^(?:[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*|\[[0-9a-f:.]+\])$/.test(host)
    ? null
    : "must be a host name in lower case without a port; leave it out for every host";

/** What is wrong with a prefix that Postern's own endpoints live under, or null. */
export function refuseReservedPath(path: string): string | null {
  if (!/^(?:\/[A-Za-z0-9_.-]+)+$/.test(path) || /\/\.{1,2}(?:\/|$)/.test(path)) {
    return 'must begin with "/" and end without one, such as "/auth"';
  }
  if (path !== path.toLowerCase()) return "must be lower case";
  return path.startsWith("/.well-known") ? "/.well-known belongs to documents with fixed names" : null;
}

/** What is wrong with a page on this site, or null. */
export const refuseLocalPage = (path: string): string | null =>
  /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(path) && !path.includes("#")
    ? null
    : 'must be a path on this site, such as "/login"';

/** What is wrong with the path that a target is asked for, or null. */
export const refuseProbedPath = (path: string): string | null =>
  /^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/.test(path) && !path.includes("#")
    ? null
    : 'must be a path of the service, such as "/healthz"';

/** What is wrong with the path of a route, exact or with `/*` at the end, or null. */
export function refuseRoutePath(path: string): string | null {
  if (!path.startsWith("/")) return `must begin with "/", got ${JSON.stringify(path)}`;
  const literal = path.endsWith("/*") ? path.slice(0, -2) : path;
  if (literal.includes("*"))
    return 'a "*" may stand at the end only, after a slash: "/a/*" matches /a and all below it';
  if (/[?#]/.test(literal)) return "must not have a query or a fragment: routes match paths";
  if (/\/\//.test(path) || literal.includes("\\") || /%(?:2f|5c|00)/i.test(literal)) {
    return "holds //, \\ or an encoded slash, which are always refused";
  }
  if (/\/(?:\.|%2e){1,2}(?:\/|$)/i.test(literal)) return "holds a dot segment, which is always refused";
  if (literal.includes(";")) return "must not have ;parameters: they are dropped before paths are compared";
  const encoded = literal.match(/%[0-9A-Fa-f]{2}/g) ?? [];
  const unreserved = encoded.find((code) => /[A-Za-z0-9._~-]/.test(decodeURIComponent(asciiOnly(code))));
  if (unreserved !== undefined) return `write ${unreserved} as the character that it stands for`;
  const rest = literal.replace(/%[0-9A-Fa-f]{2}/g, "");
  return /^[A-Za-z0-9._~!$&'()+,=:@/-]*$/.test(rest) ? null : "holds characters that a path must percent-encode";
}

/** Codes above 7F are parts of characters and never unreserved. */
const asciiOnly = (code: string): string => (code[1] !== undefined && code[1] < "8" ? code : "%20");
