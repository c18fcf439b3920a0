/**
 * The engine and the platform family that a user agent names, without versions: `Blink/Windows`, `Gecko/Linux`, `curl/-`.
 * An update of the browser keeps it; another browser or another kind of device changes it. It may refuse a replay and
 * never ends a session, because the caller chooses it (docs/sessions.md, rule 4).
 */
export function clientContext(userAgent: string): string {
  return `${engineOf(userAgent)}/${platformOf(userAgent)}`;
}

function engineOf(userAgent: string): string {
  if (/\b(?:Chrome|Chromium|CriOS|HeadlessChrome)\//.test(userAgent)) return "Blink";
  if (/\b(?:Firefox|FxiOS)\//.test(userAgent)) return "Gecko";
  if (/\bAppleWebKit\//.test(userAgent)) return "WebKit";
  // Not a browser: the first product's name (RFC 9110 §10.1.5), bounded.
  return /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}/.exec(userAgent)?.[0] ?? "-";
}

function platformOf(userAgent: string): string {
  if (/\b(?:iPhone|iPad|iPod)\b/.test(userAgent)) return "iOS";
  if (/\bAndroid\b/.test(userAgent)) return "Android";
  if (/\bWindows\b/.test(userAgent)) return "Windows";
  if (/\b(?:Macintosh|Mac OS X)\b/.test(userAgent)) return "macOS";
  if (/\bCrOS\b/.test(userAgent)) return "ChromeOS";
  if (/\bLinux\b/.test(userAgent)) return "Linux";
  return "-";
}
