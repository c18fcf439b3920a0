import type { HeaderList } from "../lib/header-list.ts";

/** What a request says under one cookie name. Doubled names are refused, because which one wins is anybody's guess (RFC 6265 §5.4). */
export type CookieValue =
  | { readonly kind: "none" }
  | { readonly kind: "one"; readonly value: string }
  | { readonly kind: "doubled" };

const NONE: CookieValue = { kind: "none" };

/** Reads one cookie from every `Cookie` line. Names are compared case by case. */
export function readCookie(headers: HeaderList, name: string): CookieValue {
  let found: CookieValue = NONE;
  for (let index = 0; index < headers.length; index += 2) {
    if ((headers[index] as string).toLowerCase() !== "cookie") continue;
    for (const pair of (headers[index + 1] as string).split(";")) {
      const equals = pair.indexOf("=");
      if (equals < 0 || unpadded(pair.slice(0, equals)) !== name) continue;
      if (found.kind !== "none") return { kind: "doubled" };
      found = { kind: "one", value: unpadded(pair.slice(equals + 1)) };
    }
  }
  return found;
}

/**
 * Without the spaces and tabs around it, and no other white space: browsers hold the rules of `__Host-` against the name with those two
 * gone (RFC 6265bis §5.6), so that whoever drops more reads names that any sibling domain may set.
 */
function unpadded(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isPadding(text[start])) start++;
  while (end > start && isPadding(text[end - 1])) end--;
  return text.slice(start, end);
}

const isPadding = (character: string | undefined): boolean => character === " " || character === "\t";
