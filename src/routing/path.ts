/** How a path may be read. `plain`: every reader reads the same bytes. */
export type PathShape = "plain" | "foldable" | "ambiguous";

const PLAIN = 0;
/** Changed by folding, and by nothing else. */
const FOLDABLE = 1;
/** Needs a closer look. */
const SUSPECT = 2;

const CLASSES = new Uint8Array(128).fill(PLAIN);
for (let code = 0x41; code <= 0x5a; code++) CLASSES[code] = FOLDABLE;
CLASSES[";".charCodeAt(0)] = SUSPECT;
CLASSES["%".charCodeAt(0)] = SUSPECT;
CLASSES["\\".charCodeAt(0)] = SUSPECT;

const SLASH = 0x2f;
const DOT = 0x2e;

/** What is read differently everywhere: also a percent sign without two digits behind it, and bytes that no URI may hold (RFC 3986 §2). */
const UNCLEAR = /%(?![0-9a-f]{2})|%2f|%5c|%00|\\|\/\/|[^\x21-\x7e]/i;

/** Where the path of an origin-form target ends. */
export function pathEnd(target: string): number {
  const query = target.indexOf("?");
  return query === -1 ? target.length : query;
}

/** The shape of `target` up to `end`. One pass and no allocation for the paths of ordinary requests. */
export function shapeOf(target: string, end: number): PathShape {
  let foldable = false;
  let previous = 0;
  for (let index = 0; index < end; index++) {
    const code = target.charCodeAt(index);
    if (previous === SLASH && (code === SLASH || code === DOT)) return closerLook(target.slice(0, end));
    const kind = code < 128 ? CLASSES[code] : SUSPECT;
    if (kind === SUSPECT) return closerLook(target.slice(0, end));
    if (kind === FOLDABLE) foldable = true;
    previous = code;
  }
  return foldable || (end > 1 && previous === SLASH) ? "foldable" : "plain";
}

function closerLook(path: string): PathShape {
  if (UNCLEAR.test(path)) return "ambiguous";
  const folded = foldPath(path);
  // `/a/..;x/b` and `/a/%2e%2e/b` show their dots only now (RFC 3986 §5.2.4).
  if (/\/\/|\/\.{1,2}(?:\/|$)/.test(folded)) return "ambiguous";
  return folded === path ? "plain" : "foldable";
}

/**
 * A path as a lenient service might read it: unreserved characters decoded, ASCII lower case, parameters (`;…`) dropped, one
 * trailing slash dropped. Two paths that fold to the same text may reach the same thing.
 */
export function foldPath(path: string): string {
  const folded = path
    .replace(/%[0-9a-f]{2}/gi, (encoded) => {
      const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
      return /[A-Za-z0-9\-._~]/.test(character) ? character : encoded;
    })
    .replace(/;[^/]*/g, "")
    .replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  return folded.length > 1 && folded.endsWith("/") ? folded.slice(0, -1) : folded;
}

/**
 * A path as the most eager service might read it: every separator decoded, cut at a NUL, slashes merged, dot segments resolved, and
 * folded. Asked only where a route lets ambiguous paths through. Null where it climbs by dot segments past something that not all
 * read alike: `/a/b%2fc/../../d` leads to `/a/d` for one service and to `/d` for another.
 */
export function resolvePath(path: string): string | null {
  const decoded = foldPath(path)
    .replace(/%00.*$/, "")
    .replace(/%2f|%5c|\\/g, "/");
  const segments = foldPath(decoded).split("/");
  const climbs = segments.some((segment) => segment === "..") || /\/\.{1,2}(?:\/|$)/.test(path);
  if (climbs && (UNCLEAR.test(path) || /%2e|;/i.test(path))) return null;
  const resolved: string[] = [];
  for (const segment of segments) {
    if (segment === "..") resolved.pop();
    else if (segment !== "" && segment !== ".") resolved.push(segment);
  }
  return `/${resolved.join("/")}`;
}
