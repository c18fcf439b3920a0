const UNITS = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
  [1000, "second"],
] as const;

/** `in 4 minutes`, `2 days ago`, `now`. */
export function relativeTime(at: number, now: number): string {
  const distance = Math.abs(at - now);
  const unit = UNITS.find(([size]) => distance >= size);
  if (unit === undefined) return "now";
  const [size, name] = unit;
  const amount = Math.floor(distance / size);
  const text = `${amount} ${name}${amount === 1 ? "" : "s"}`;
  return at > now ? `in ${text}` : `${text} ago`;
}
