/** One line of a plot; each point as x and y. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

/** What an axis shows, with its unit; it begins at 0. */
export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
}

const [WIDTH, HEIGHT] = [800, 360];
const EDGE = { left: 70, right: 44, top: 44, bottom: 52 };
const STEPS = [1, 2, 2.5, 5, 10];

/** Colours by what the page is shown on, told apart by people who see few of them. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 15px; font-weight: 600 }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .line { fill: none; stroke-width: 2 }
  .s0 { stroke: #0969da } .s1 { stroke: #bc4c00 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .grid { stroke: #3d444d }
    .s0 { stroke: #58a6ff } .s1 { stroke: #f0883e }
  }`;

/** A round distance between the lines of a grid, so that there are at most six. */
function stepFor(top: number): number {
  const power = 10 ** Math.floor(Math.log10(top / 6));
  return (STEPS.find((step) => top / (power * step) <= 6) ?? 10) * power;
}

function axis(top: number): { readonly end: number; readonly ticks: readonly number[] } {
  const step = stepFor(top);
  const count = Math.ceil(top / step);
  return { end: count * step, ticks: Array.from({ length: count + 1 }, (_, index) => index * step) };
}

/** Lines over a grid, as an SVG that is legible on light and on dark pages. */
export function linePlot({ title, x, y, series }: Plot): string {
  const points = series.flatMap((one) => one.points);
  const [across, up] = [axis(Math.max(...points.map(([at]) => at))), axis(Math.max(...points.map(([, at]) => at)))];
  const [right, bottom] = [WIDTH - EDGE.right, HEIGHT - EDGE.bottom];
  const xOf = (value: number) => (EDGE.left + (value / across.end) * (right - EDGE.left)).toFixed(1);
  const yOf = (value: number) => (bottom - (value / up.end) * (bottom - EDGE.top)).toFixed(1);
  const number = (value: number) => value.toLocaleString("en-GB");
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">`,
    `<style>${STYLE}\n</style>`,
    `<text class="title" x="${EDGE.left}" y="20">${title}</text>`,
    ...up.ticks.flatMap((tick) => [
      `<line class="grid" x1="${EDGE.left}" x2="${right}" y1="${yOf(tick)}" y2="${yOf(tick)}"/>`,
      `<text x="${EDGE.left - 8}" y="${Number(yOf(tick)) + 4}" text-anchor="end">${number(tick)}</text>`,
    ]),
    ...across.ticks.map(
      (tick) => `<text x="${xOf(tick)}" y="${bottom + 20}" text-anchor="middle">${number(tick)}</text>`,
    ),
    `<text x="${(EDGE.left + right) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${x}</text>`,
    `<text x="16" y="${(EDGE.top + bottom) / 2}" text-anchor="middle" transform="rotate(-90 16 ${(EDGE.top + bottom) / 2})">${y}</text>`,
    ...series.flatMap(({ name, points: own }, index) => [
      `<polyline class="line s${index}" points="${own.map(([at, value]) => `${xOf(at)},${yOf(value)}`).join(" ")}"/>`,
      `<line class="line s${index}" x1="${right - 230}" x2="${right - 206}" y1="${12 + 18 * index}" y2="${12 + 18 * index}"/>`,
      `<text x="${right - 200}" y="${16 + 18 * index}">${name}</text>`,
    ]),
    "</svg>",
  ];
  return `${lines.join("\n")}\n`;
}
