import type { Measurements } from "./comparison.ts";
import type { Figure, Found } from "./row.ts";
import type { Spread } from "./statistics.ts";
import { ratios } from "./table.ts";

/** What one run found; a row that was not asked for is absent. */
export interface Findings {
  readonly comparisons: ReadonlyMap<string, Measurements>;
  readonly rows: readonly Found[];
}

interface Target {
  readonly what: string;
  readonly bound: Bound;
  readonly measured: (findings: Findings) => Spread | null;
}

interface Bound {
  readonly kind: "most" | "least";
  readonly value: number;
  readonly unit: string;
}

const atMost = (value: number, unit: string): Bound => ({ kind: "most", value, unit });
const atLeast = (value: number, unit: string): Bound => ({ kind: "least", value, unit });

const cpuAgainst =
  (row: string, yardstick: string, contender = "postern") =>
  (findings: Findings) =>
    ratios(findings.comparisons.get(row) ?? new Map(), contender, yardstick, ({ cpu }) => cpu);

/** What one core gets done, by CPU time: answers a second say the same only where the core was fully the contender's. */
const throughputAgainst = (row: string, other: string) => (findings: Findings) =>
  ratios(findings.comparisons.get(row) ?? new Map(), "postern", other, ({ cpu }) => 1 / cpu);

const figure = (name: Figure) => (findings: Findings) => {
  const value = findings.rows.map(({ figures }) => figures[name]).find((one) => one !== undefined);
  return value === undefined ? null : { median: value, min: value, max: value };
};

const target = (what: string, bound: Bound, measured: Target["measured"]): Target => ({ what, bound, measured });

const TARGETS: readonly Target[] = [
  target("proxied request, CPU against bare Node without auth", atMost(1.15, "x"), cpuAgainst("proxied", "bare-node")),
  target(
    "proxied request, throughput of a core against HAProxy `jwt_verify` ES256",
    atLeast(2, "x"),
    throughputAgainst("proxied", "haproxy-es256"),
  ),
  target(
    "proxied request, throughput of a core against Hono + jose + Redis EXISTS + fetch",
    atLeast(7, "x"),
    throughputAgainst("proxied", "hono-redis"),
  ),
  target("1,000 routes, CPU against 4", atMost(1.05, "x"), cpuAgainst("routes", "postern-4", "postern-1000")),
  target(
    "never-seen token, CPU against bare Node and one `crypto.verify`",
    atMost(1.15, "x"),
    cpuAgainst("never-seen", "bare-node-verify"),
  ),
  target(
    "refresh (rotated), CPU against a bare Node answer, one signature and one store transaction",
    atMost(1.5, "x"),
    cpuAgainst("refresh", "bare-node-refresh"),
  ),
  target(
    "refresh on Redis (rotated), CPU against a bare Node answer, one signature and one EVALSHA",
    atMost(1.5, "x"),
    cpuAgainst("refresh-redis", "bare-node-evalsha"),
  ),
  target(
    "revocation seen by another process on the embedded store, slowest",
    atMost(100, " ms"),
    figure("revocation embedded max"),
  ),
  target(
    "revocation on Redis, refused by the last of three other gateways, p99",
    atMost(10, " ms"),
    figure("revocation redis p99"),
  ),
  target("a million live revocations, memory of a gateway", atMost(64, " MB"), figure("million memory")),
  target("a million live revocations, CPU a request more than with none", atMost(0.5, " µs"), figure("million cpu")),
  target("the proxy under a flood of logins, p99 against without", atMost(2, "x"), figure("flood p99 ratio")),
  target("p99 beside 10,000 idle connections against none", atMost(1.1, "x"), figure("idle p99 ratio")),
  target("of the flood refused with 503", atLeast(50, " %"), figure("flood refused")),
  target(
    "memory over a soak of distinct tokens, last fifth against second fifth",
    atMost(1.1, "x"),
    figure("soak growth"),
  ),
];

/** Each target with what was measured, and whether it was met. `isWhole`: those that could not be measured are named as well. */
export function targetTable(findings: Findings, isWhole: boolean): string {
  const rows = TARGETS.flatMap(({ what, bound, measured }) => {
    const cells = [what, `at ${bound.kind} ${bound.value}${bound.unit}`];
    const found = measured(findings);
    if (found !== null) return [[...cells, figures(found, bound), verdict(found.median, bound)]];
    return isWhole ? [[...cells, "not measured", ""]] : [];
  });
  if (rows.length === 0) return "";
  const lines = rows.map((cells) => `| ${cells.join(" | ")} |`);
  return ["### Targets", "", "| what | target | measured | |", "| --- | --- | --- | --- |", ...lines, ""].join("\n");
}

const verdict = (value: number, { kind, value: bound }: Bound): string =>
  (kind === "most" ? value <= bound : value >= bound) ? "met" : "**missed**";

function figures({ median, min, max }: Spread, { unit }: Bound): string {
  const [value, least, most] = [median, min, max].map((one) => one.toPrecision(3));
  return least === most ? `${value}${unit}` : `${value}${unit} (${least}–${most})`;
}
