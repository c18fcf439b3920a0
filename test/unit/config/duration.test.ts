import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "../../../src/config/duration.ts";
import { formatSize, parseSize } from "../../../src/config/size.ts";

describe("durations", () => {
  it.each([
    ["250ms", 250],
    ["15s", 15_000],
    ["5m", 300_000],
    ["1.5h", 5_400_000],
    ["14d", 1_209_600_000],
    ["2w", 1_209_600_000],
    ["0.3s", 300],
    ["0s", 0],
  ])("reads %s as %d ms", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each([
    "",
    "5",
    "m",
    "5 m",
    "-5m",
    "+5m",
    "5M",
    "5min",
    "1h30m",
    "0.5ms",
    ".5s",
    "5.s",
    "1e3s",
    "١s",
    "5m\n",
    "999999999999999w",
  ])("refuses %j", (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  it("reads what it writes", () => {
    fc.assert(
      fc.property(fc.nat({ max: 400 * 86_400_000 }), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds);
      }),
    );
  });

  it("never makes anything but whole milliseconds of what it reads", () => {
    const written = fc
      .tuple(fc.nat(1_000_000), fc.nat(999), fc.constantFrom("ms", "s", "m", "h", "d", "w"))
      .map(([whole, fraction, unit]) => `${whole}.${fraction}${unit}`);
    fc.assert(
      fc.property(written, (text) => {
        const read = parseDuration(text);
        expect(read === null || (Number.isSafeInteger(read) && read >= 0)).toBe(true);
      }),
    );
  });
});

describe("sizes", () => {
  it.each([
    ["512B", 512],
    ["64KiB", 65_536],
    ["64kB", 64_000],
    ["1MiB", 1_048_576],
  ])("reads %s as %d bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(["", "64", "64K", "1.5KiB", "-1B", "64 KiB", "1TB", "constructorB", "1toString"])("refuses %j", (text) => {
    expect(parseSize(text)).toBeNull();
  });

  it("reads what it writes", () => {
    fc.assert(fc.property(fc.nat(), (bytes) => parseSize(formatSize(bytes)) === bytes));
  });
});
