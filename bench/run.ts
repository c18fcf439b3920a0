// npm run bench: measures Postern beside others and writes what it found into bench/README.md.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Comparison, compare, type Effort, type Measurements } from "./comparison.ts";
import type { Ground } from "./contender.ts";
import { installDependencies } from "./dependencies.ts";
import { createIssuer } from "./issuer.ts";
import { describeMachine, stepAside } from "./machine.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { freePort, type Running, start, startListening } from "./processes.ts";
import { writeReport } from "./report.ts";
import { login } from "./rows/login.ts";
import { neverSeen } from "./rows/never-seen.ts";
import { proxied } from "./rows/proxied.ts";
import { refreshKept, refreshRotated } from "./rows/refresh.ts";
import { type RevocationLatency, revocationLatency, revocationTable } from "./rows/revocation.ts";
import { quantile } from "./statistics.ts";
import { comparisonTable } from "./table.ts";
import { type Findings, targetTable } from "./targets.ts";

const COMPARISONS: readonly Comparison[] = [proxied, neverSeen, refreshRotated, refreshKept, login];
const REVOCATION = "revocation";

const say = (line: string) => process.stderr.write(`${line}\n`);

/** 30 % of what Postern took in the main row, or of a modest guess where that was left out. */
function openLoopRate(proxiedFindings: Measurements | undefined): number {
  const rates = proxiedFindings?.get("postern")?.map(({ rate }) => rate) ?? [6000];
  return Math.round(0.3 * quantile(rates, 0.5));
}

/** Runs what the options ask for. */
async function findOut(options: Options, ground: Ground, generator: Running): Promise<Findings> {
  const effort: Effort = { rounds: options.rounds, cpuTime: options.cpuTime, say };
  const comparisons = new Map<string, Measurements>();
  for (const comparison of COMPARISONS.filter(({ name }) => options.wantsRow(name))) {
    const wanted = comparison.contenders.filter(({ name }) => options.wantsContender(name));
    for (const { name, missing } of wanted) if (missing) say(`${name}: left out, ${missing}`);
    const contenders = wanted.filter(({ missing }) => missing === null);
    const measurements = await compare({ ...comparison, contenders }, ground, generator, effort);
    comparisons.set(comparison.name, measurements);
    // At once, so that a row that fails later does not take these figures with it.
    process.stdout.write(`${comparisonTable(comparison, measurements)}\n`);
  }
  let revocation: RevocationLatency | null = null;
  if (options.wantsRow(REVOCATION) && options.wantsContender("postern")) {
    say(REVOCATION);
    const rate = openLoopRate(comparisons.get(proxied.name));
    revocation = await revocationLatency(ground, generator, { count: options.revocations, rate });
    process.stdout.write(`${revocationTable(revocation)}\n`);
  }
  return { comparisons, revocation };
}

function report({ rounds }: Options, findings: Findings): string {
  const head = `Measured on ${new Date().toISOString().slice(0, 10)}, ${rounds} rounds. ${describeMachine()}`;
  const tables = COMPARISONS.flatMap((comparison) => {
    const measurements = findings.comparisons.get(comparison.name);
    return measurements ? [comparisonTable(comparison, measurements)] : [];
  });
  if (findings.revocation) tables.push(revocationTable(findings.revocation));
  return `\n${head}\n\n${[targetTable(findings), ...tables].join("\n")}`;
}

async function main(options: Options): Promise<void> {
  installDependencies();
  stepAside();
  const folder = mkdtempSync(join(tmpdir(), "postern-bench-"));
  const started: Running[] = [];
  try {
    const upstreamPort = await freePort();
    const ours = (file: string) => fileURLToPath(new URL(file, import.meta.url));
    const common = { command: process.execPath, core: "rest", folder } as const;
    const upstream = { ...common, name: "upstream", args: [ours("upstream.ts"), String(upstreamPort)] };
    started.push(await startListening(upstream, upstreamPort));
    const generator = start({ ...common, name: "load", args: [ours("load.ts")], ipc: true });
    started.push(generator);
    const [es256, rs256] = [await createIssuer("ES256"), await createIssuer("RS256")];
    const ground = { folder, upstreamPort, es256, rs256, profile: options.profile };
    const findings = await findOut(options, ground, generator);
    process.stdout.write(targetTable(findings));
    if (options.isWhole) writeReport(report(options, findings));
  } finally {
    for (const running of started.reverse()) await running.stop();
    rmSync(folder, { recursive: true });
  }
}

const options = readOptions();
if (options.help) {
  const contenders = new Set(COMPARISONS.flatMap((comparison) => comparison.contenders.map(({ name }) => name)));
  process.stdout.write(usage([...COMPARISONS.map(({ name }) => name), REVOCATION], [...contenders]));
} else {
  await main(options);
}
