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
