import type { FeedCursor } from "./feed.ts";

/** Whether a reader at `reached` has read everything up to `wanted`, partition by partition. */
export function cursorCovers(reached: FeedCursor, wanted: FeedCursor): boolean {
  return wanted.every((position, partition) => {
    const other = reached[partition];
    return other !== undefined && comparePositions(other, position) >= 0;
  });
}

/** Positions are numbers that ascend, or such numbers joined by `-` (a stream's milliseconds and sequence). */
function comparePositions(a: string, b: string): number {
  const left = a.split("-").map(BigInt);
  const right = b.split("-").map(BigInt);
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const one = left[index] ?? 0n;
    const other = right[index] ?? 0n;
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}
