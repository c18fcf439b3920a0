const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  KB: 1000,
  KiB: 1024,
  MB: 1000 * 1000,
  MiB: 1024 * 1024,
  GB: 1000 ** 3,
  GiB: 1024 ** 3,
};

/** Bytes from `"64KiB"`, `"1MB"`, `"512B"`, or null when it is no size. */
export function parseSize(text: string): number | null {
  const match = /^(\d{1,12})(B|kB|KB|KiB|MB|MiB|GB|GiB)$/.exec(text);
  const unit = match?.[2] === undefined ? undefined : UNITS[match[2]];
  if (match === null || unit === undefined) return null;
  const bytes = Number(match[1]) * unit;
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** The shortest exact way to write a number of bytes: `65536` is `"64KiB"`. */
export function formatSize(bytes: number): string {
  for (const name of ["GiB", "MiB", "KiB"]) {
    const unit = UNITS[name] as number;
    if (bytes > 0 && bytes % unit === 0) return `${bytes / unit}${name}`;
  }
  return `${bytes}B`;
}
