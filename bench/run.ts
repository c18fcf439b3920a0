// npm run bench: measures Postern beside others and writes what it found into bench/README.md.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Comparison, compare, type Effort, type Measurements, startUpstream } from "./comparison.ts";
import type { Ground } from "./contender.ts";
import { installDependencies } from "./dependencies.ts";
import { createIssuer } from "./issuer.ts";
import { describeMachine, stepAside } from "./machine.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { type Running, start } from "./processes.ts";
import { writeReport } from "./report.ts";
import type { Found, Row } from "./row.ts";
import { accessLog } from "./rows/access-log.ts";
import { bodies } from "./rows/bodies.ts";
import { clients } from "./rows/clients.ts";
import { edge } from "./rows/edge.ts";
import { edgeCold } from "./rows/edge-cold.ts";
import { edgeRevocation, edgeRevocationRedis } from "./rows/edge-revocation.ts";
import { edgeSize } from "./rows/edge-size.ts";
import { fleet } from "./rows/fleet.ts";
import { flood } from "./rows/flood.ts";
import { idle } from "./rows/idle.ts";
import { login } from "./rows/login.ts";
import { million } from "./rows/million.ts";
import { neverSeen } from "./rows/never-seen.ts";
import { proxied } from "./rows/proxied.ts";
import { redisMemory } from "./rows/redis-memory.ts";
import { refreshKept, refreshOnRedis, refreshRotated } from "./rows/refresh.ts";
import { revocation } from "./rows/revocation.ts";
import { routes } from "./rows/routes.ts";
import { soak } from "./rows/soak.ts";
import { webSockets } from "./rows/websockets.ts";
import { comparisonTable } from "./table.ts";
import { type Findings, targetTable } from "./targets.ts";

const COMPARISONS: readonly Comparison[] = [
  ...[proxied, ...clients, ...bodies, ...webSockets],
  ...[accessLog, routes, neverSeen, refreshRotated, refreshKept, refreshOnRedis, login, edge],
];
const ROWS: readonly Row[] = [
  revocation,
  fleet,
  million,
  redisMemory,
  idle,
  flood,
  soak,
  edgeSize,
  edgeCold,
  edgeRevocation,
  edgeRevocationRedis,
];

const say = (line: string) => process.stderr.write(`${line}\n`);

/** Says how long a row has taken. */
async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work();
  say(`${name}: took ${Math.round((performance.now() - began) / 1000)} s`);
  return result;
}

/** Runs what the options ask for. */
async function findOut(options: Options, ground: Ground, generator: Running): Promise<Findings> {
  const effort: Effort = { rounds: options.rounds, cpuTime: options.cpuTime, say };
  const comparisons = new Map<string, Measurements>();
  for (const comparison of COMPARISONS.filter(({ name }) => options.wantsRow(name))) {
    const wanted = comparison.contenders.filter(({ name }) => options.wantsContender(name));
    for (const { name, missing } of wanted) if (missing) say(`${name}: left out, ${missing}`);
    const contenders = wanted.filter(({ missing }) => missing === null);
    const measurements = await timed(comparison.name, () =>
      compare({ ...comparison, contenders }, ground, generator, effort),
    );
    comparisons.set(comparison.name, measurements);
    // At once, so that a row that fails later does not take these figures with it.
    process.stdout.write(`${comparisonTable({ ...comparison, contenders: wanted }, measurements)}\n`);
  }
  const rows: Found[] = [];
  const bench = { ground, generator, effort, quick: options.quick, long: options.long };
  for (const { name, missing, measure } of ROWS.filter((row) => options.wantsRow(row.name))) {
    if (missing !== null) {
      say(`${name}: left out, ${missing}`);
      continue;
    }
    say(name);
    const found = await timed(name, () => measure(bench));
    rows.push(found);
    process.stdout.write(`${found.table}\n`);
  }
  return { comparisons, rows };
}

function report({ rounds }: Options, findings: Findings): string {
  const minutes = Math.round(process.uptime() / 60);
  const head = `Measured on ${new Date().toISOString().slice(0, 10)}, ${rounds} rounds, in ${minutes} minutes. ${describeMachine()}`;

  const [main = "", ...others] = COMPARISONS.flatMap((comparison) => {
    const measurements = findings.comparisons.get(comparison.name);
    return measurements ? [comparisonTable(comparison, measurements)] : [];
  });
  const tables = [main, targetTable(findings, true), ...others, ...findings.rows.map(({ table }) => table)];
  return `\n${head}\n\n${tables.join("\n")}`;
}

async function main(options: Options): Promise<void> {
  installDependencies();
  stepAside();
  const folder = mkdtempSync(join(tmpdir(), "postern-bench-"));
  const started: Running[] = [];
  try {
    const upstream = await startUpstream("upstream.ts", { folder });
    started.push(upstream);
    const load = fileURLToPath(new URL("load.ts", import.meta.url));
    const generator = start({ name: "load", command: process.execPath, args: [load], core: "rest", folder, ipc: true });
    started.push(generator);
    const [es256, rs256] = [await createIssuer("ES256"), await createIssuer("RS256")];
    const ground = { folder, upstreamPort: upstream.port, es256, rs256, profile: options.profile };
    const findings = await findOut(options, ground, generator);
    process.stdout.write(targetTable(findings, options.isWhole));
    if (options.isWhole) writeReport(report(options, findings));
  } finally {
    for (const running of started.reverse()) await running.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const options = readOptions();
if (options.help) {
  const contenders = new Set(COMPARISONS.flatMap((comparison) => comparison.contenders.map(({ name }) => name)));
  process.stdout.write(
    usage(
      [...COMPARISONS, ...ROWS].map(({ name }) => name),
      [...contenders],
    ),
  );
} else {
  await main(options);
}
