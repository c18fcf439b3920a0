import { allHeaders, type HeaderList } from "../lib/header-list.ts";

/** Origins that may make state-changing requests with cookies besides the site's own pages. */
export interface TrustedOrigins {
  /** The issuer's origin. */
  readonly own: string;
  readonly listed: readonly string[];
}

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

export const isSafeMethod = (method: string): boolean => SAFE_METHODS.has(method);

/**
 * Whether a request that cookies authenticate may have been made by another site (docs/http.md; OWASP, Fetch Metadata).
 * `Sec-Fetch-Site` decides where it says `same-origin`, `none` or `cross-site`; otherwise the `Origin` must be a known one.
 */
export function isForged(headers: HeaderList, trusted: TrustedOrigins): boolean {
  const sites = allHeaders(headers, "sec-fetch-site");
  const origins = allHeaders(headers, "origin");
  if (sites.length > 1 || origins.length > 1) return true;
  const [site] = sites;
  const [origin] = origins;
  // A page with `Referrer-Policy: no-referrer` posts its own forms with `Origin: null`: the browser's word on the site decides.
  if (site === "same-origin" || (site === "none" && origin !== "null")) return false;
  if (site !== undefined && site !== "same-site") return true;
  return origin === undefined || (origin !== trusted.own && !trusted.listed.includes(origin));
}
