import type { Rewrite } from "../routing/route.ts";

const SLASH = 0x2f;

/**
 * The target that is sent for one that a route has authorised: the prefix exchanged, everything behind it byte for byte. A route without
 * ambiguous paths lets nothing through in which another slash or a dot segment follows the prefix, and `strip` is all or part of the
 * route's own path, whole segments of it: what comes out begins with `add` and one slash.
 */
export function rewriteTarget({ strip, add }: Rewrite, target: string): string {
  const rewritten = add + target.slice(strip.length);
  return rewritten.charCodeAt(0) === SLASH ? rewritten : `/${rewritten}`;
}
