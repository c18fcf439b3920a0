/** Milliseconds in each unit that a duration may be written in. */
const UNITS = [
  ["w", 7 * 24 * 60 * 60 * 1000],
  ["d", 24 * 60 * 60 * 1000],
  ["h", 60 * 60 * 1000],
  ["m", 60 * 1000],
  ["s", 1000],
  ["ms", 1],
] as const;

/** Whole milliseconds from `"5m"`, `"1.5h"`, `"90d"`, `"250ms"`, or null when it is no duration. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,15}(?:\.\d{1,9})?)(w|d|h|m|s|ms)$/.exec(text);
  if (match === null) return null;
  const unit = UNITS.find(([name]) => name === match[2]);
  if (unit === undefined) return null;
  // Decimal fractions are not exact in binary: 0.3 s is 300 ms, not 299.99…
  const milliseconds = Math.round(Number(match[1]) * unit[1] * 1e6) / 1e6;
  return Number.isSafeInteger(milliseconds) ? milliseconds : null;
}

/** The shortest way to write whole milliseconds: `300000` is `"5m"`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return "0s";
  // A fortnight reads better as 14d than as 2w.
  for (const [name, size] of UNITS)
    if (name !== "w" && milliseconds % size === 0) return `${milliseconds / size}${name}`;
  return `${milliseconds}ms`;
}
