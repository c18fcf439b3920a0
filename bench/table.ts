import type { Comparison, Counted, Measurements } from "./comparison.ts";
import type { Measurement } from "./measure.ts";
import { median, type Spread, spread } from "./statistics.ts";

export const figure = (value: number): string =>
  value >= 1000 ? Math.round(value).toLocaleString("en-GB") : value.toPrecision(3);

const REQUESTS: Counted = { one: "a request", many: "answers", each: 1 };

export const withSpread = ({ median, min, max }: Spread): string => `${figure(median)} (${figure(min)}–${figure(max)})`;

type Of = (measurement: Measurement) => number;

/** The ratio of a figure to another's, round by round, so that what slows the whole machine down cancels out. */
export const ratioByRound = (mine: readonly Measurement[], theirs: readonly Measurement[], of: Of): Spread =>
  spread(mine.flatMap((one, round) => (theirs[round] ? [of(one) / of(theirs[round])] : [])));

/** The ratio of a figure to the yardstick's; null where one of the two was not measured. */
export function ratios(measurements: Measurements, name: string, to: string, of: Of): Spread | null {
  const mine = measurements.get(name);
  const theirs = measurements.get(to);
  return mine && theirs ? ratioByRound(mine, theirs, of) : null;
}

/** One comparison as a Markdown table: medians of the rounds, least and most in brackets. */
export function comparisonTable(
  { title, note, contenders, yardstick, counted = REQUESTS, columns = [] }: Comparison,
  measurements: Measurements,
): string {
  const rows = contenders.flatMap(({ name, label, missing }) => {
    const mine = measurements.get(name);
    if (!mine) return missing === null ? [] : [`| ${label} | ${missing} ${"| ".repeat(4 + columns.length)}|`];
    const ratio = ratios(measurements, name, yardstick, ({ cpu }) => cpu);
    const cells = [
      name === "postern" ? `**${label}**` : label,
      withSpread(spread(mine.map(({ cpu }) => cpu / counted.each))),
      name === yardstick ? "1" : ratio ? withSpread(ratio) : "",
      withSpread(spread(mine.map(({ rate }) => rate * counted.each))),
      `${Math.round(median(mine.map(({ busy }) => busy * 100)))} %`,
      ...columns.map(({ cell }) => cell(mine)),
    ];
    return [`| ${cells.join(" | ")} |`];
  });
  const titles = [
    ...["contender", `CPU µs ${counted.one}`, "ratio of CPU", `${counted.many} a second`, "its core busy"],
    ...columns.map((column) => column.title),
  ];
  const head = [`| ${titles.join(" | ")} |`, `|${" --- |".repeat(titles.length)}`];
  return [`### ${title}`, "", note, "", ...head, ...rows, ""].join("\n");
}
