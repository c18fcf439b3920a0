import { ACCESS_COOKIE, REFRESH_COOKIE } from "../protocol/names.ts";

const OURS = new Set([REFRESH_COOKIE, ACCESS_COOKIE]);
const OURS_IN_ANY_CASE = new Set([...OURS].map((name) => name.toLowerCase()));

/** A `Cookie` line without Postern's own cookies, the others byte for byte; null when nothing is left. */
export function withoutOwnCookies(line: string): string | null {
  if (!line.includes(REFRESH_COOKIE)) return line;
  const kept = line.split(";").filter((pair) => !OURS.has(pair.replace(/=.*$/s, "").trim()));
  return kept.length === 0 ? null : kept.join(";").replace(/^[ \t]+/, "");
}

/**
 * Whether a `Set-Cookie` value would set a cookie that comes back under one of Postern's names. A cookie without a name comes back
 * as its value alone, so that what stands behind the `=` counts as the name (RFC 6265bis §5.7).
 */
export function setsOwnCookie(value: string): boolean {
  const pair = value.replace(/;.*$/s, "").replace(/^[\s=]+/, "");
  return OURS_IN_ANY_CASE.has(pair.replace(/=.*$/s, "").trim().toLowerCase());
}

/** A `Clear-Site-Data` value that leaves cookies alone: they are not the upstream's only. Null when nothing is left. */
export function withoutClearingCookies(value: string): string | null {
  const kept = value
    .split(",")
    .map((directive) => directive.trim())
    .flatMap((directive) => (directive === '"*"' ? ['"cache"', '"storage"', '"executionContexts"'] : [directive]))
    .filter((directive) => directive !== "" && directive !== '"cookies"');
  return kept.length === 0 ? null : kept.join(", ");
}
