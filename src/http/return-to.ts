import type { Config } from "../config/config.ts";
import type { Problem } from "../protocol/errors.ts";

/**
 * Where to go after a login or logout, or null when that would leave the site (RFC 9700 §4.11): a path on the site itself, or
 * an exact entry of the list.
 */
export function safeReturnTo(text: string, origin: string, listed: readonly string[]): string | null {
  if (listed.includes(text)) return text;
  // Browsers read `\` as `/` and drop tabs and line breaks: what is left must still be a plain path.
  if (!/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(text)) return null;
  if (!URL.canParse(text, origin)) return null;
  const url = new URL(text, origin);
  return url.origin === origin && !url.pathname.startsWith("//") ? text : null;
}

/** Where a form asks to be sent, null where it does not ask; or the problem of a place that is not this site's. */
export function readReturnTo(
  text: string | undefined,
  { origin, login }: Pick<Config, "origin" | "login">,
): { readonly ok: true; readonly target: string | null } | { readonly ok: false; readonly problem: Problem } {
  if (text === undefined) return { ok: true, target: null };
  const target = safeReturnTo(text, origin, login.returnTo);
  if (target !== null) return { ok: true, target };
  const errors = [{ path: "return_to", expected: "a path on this site or a listed URL" }];
  return { ok: false, problem: { code: "validation", errors } };
}
