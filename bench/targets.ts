import type { Measurements } from "./comparison.ts";
import type { Figure, Found } from "./row.ts";
import { ratios } from "./table.ts";

/** What one run found; a row that was not asked for is absent. */
export interface Findings {
  readonly comparisons: ReadonlyMap<string, Measurements>;
  readonly rows: readonly Found[];
}

interface Target {
  readonly what: string;
  /** "at most" or "at least" this. */
  readonly bound: { readonly kind: "most" | "least"; readonly value: number };
  readonly unit: string;
  readonly measured: (findings: Findings) => number | null;
}

const cpuAgainst = (row: string, yardstick: string) => (findings: Findings) =>
  ratios(findings.comparisons.get(row) ?? new Map(), "postern", yardstick, ({ cpu }) => cpu)?.median ?? null;

/** What one core gets done, by CPU time: answers a second say the same only where the core was fully the contender's. */
const throughputAgainst = (row: string, other: string) => (findings: Findings) =>
  ratios(findings.comparisons.get(row) ?? new Map(), "postern", other, ({ cpu }) => 1 / cpu)?.median ?? null;

const figure = (name: Figure) => (findings: Findings) =>
  findings.rows.map(({ figures }) => figures[name]).find((value) => value !== undefined) ?? null;

const TARGETS: readonly Target[] = [
  {
    what: "proxied request, CPU against bare Node without auth",
    bound: { kind: "most", value: 1.15 },
    unit: "x",
    measured: cpuAgainst("proxied", "bare-node"),
  },
  {
    what: "proxied request, throughput of a core against HAProxy `jwt_verify` ES256",
    bound: { kind: "least", value: 2 },
    unit: "x",
    measured: throughputAgainst("proxied", "haproxy-es256"),
  },
  {
    what: "proxied request, throughput of a core against Hono + jose + Redis EXISTS + fetch",
    bound: { kind: "least", value: 7 },
    unit: "x",
    measured: throughputAgainst("proxied", "hono-redis"),
  },
  {
    what: "never-seen token, CPU against bare Node and one `crypto.verify`",
    bound: { kind: "most", value: 1.15 },
    unit: "x",
    measured: cpuAgainst("never-seen", "bare-node-verify"),
  },
  {
    what: "refresh (rotated), CPU against a bare Node answer, one signature and one store transaction",
    bound: { kind: "most", value: 1.5 },
    unit: "x",
    measured: cpuAgainst("refresh", "bare-node-refresh"),
  },
  {
    what: "refresh on Redis (rotated), CPU against a bare Node answer, one signature and one EVALSHA",
    bound: { kind: "most", value: 1.5 },
    unit: "x",
    measured: cpuAgainst("refresh-redis", "bare-node-evalsha"),
  },
  {
    what: "revocation seen by another process on the embedded store, slowest",
    bound: { kind: "most", value: 100 },
    unit: " ms",
    measured: figure("revocation embedded max"),
  },
  {
    what: "revocation on Redis, refused by the last of three other gateways, p99",
    bound: { kind: "most", value: 10 },
    unit: " ms",
    measured: figure("revocation redis p99"),
  },
  {
    what: "a million live revocations, memory of a gateway",
    bound: { kind: "most", value: 64 },
    unit: " MB",
    measured: figure("million memory"),
  },
  {
    what: "a million live revocations, CPU a request more than with none",
    bound: { kind: "most", value: 0.5 },
    unit: " µs",
    measured: figure("million cpu"),
  },
  {
    what: "the proxy under a flood of logins, p99 against without",
    bound: { kind: "most", value: 2 },
    unit: "x",
    measured: figure("flood p99 ratio"),
  },
  {
    what: "of the flood refused with 503",
    bound: { kind: "least", value: 50 },
    unit: " %",
    measured: figure("flood refused"),
  },
  {
    what: "memory over a soak of distinct tokens, last fifth against second fifth",
    bound: { kind: "most", value: 1.1 },
    unit: "x",
    measured: figure("soak growth"),
  },
];

/** Each target with what was measured, and whether it was met. */
export function targetTable(findings: Findings): string {
  const rows = TARGETS.flatMap(({ what, bound, unit, measured }) => {
    const value = measured(findings);
    if (value === null) return [];
    const isMet = bound.kind === "most" ? value <= bound.value : value >= bound.value;
    return [
      `| ${what} | at ${bound.kind} ${bound.value}${unit} | ${value.toPrecision(3)}${unit} | ${isMet ? "met" : "**missed**"} |`,
    ];
  });
  if (rows.length === 0) return "";
  return ["### Targets", "", "| what | target | measured | |", "| --- | --- | --- | --- |", ...rows, ""].join("\n");
}
