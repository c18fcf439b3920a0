/** The q-quantile (0 to 1) by nearest rank; NaN for no values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Of an even number of values the mean of the two in the middle: two rounds are not judged by the better one. NaN for no values. */
export function median(values: readonly number[]): number {
  const mirrored = values.map((value) => -value);
  return (quantile(values, 0.5) - quantile(mirrored, 0.5)) / 2;
}

export const spread = (values: readonly number[]): Spread => ({
  median: median(values),
  min: quantile(values, 0),
  max: quantile(values, 1),
});
