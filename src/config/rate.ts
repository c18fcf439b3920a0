import { parseDuration } from "./duration.ts";

const DAY = 24 * 60 * 60 * 1000;

/** So many requests in so many milliseconds. */
export interface Rate {
  readonly requests: number;
  readonly window: number;
}

/** Reads `"100/1m"`; null where it is no rate, or one of a time beyond a day. */
export function readRate(text: string): Rate | null {
  const [, count = "", time = ""] = /^([1-9]\d{0,6})\/(.+)$/.exec(text) ?? [];
  const window = parseDuration(time);
  return window === null || window < 1000 || window > DAY ? null : { requests: Number(count), window };
}
