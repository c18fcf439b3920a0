// npm run bench: measures Postern beside others and writes what it found into bench/README.md.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compare, type Effort } from "./comparison.ts";
import { installDependencies } from "./dependencies.ts";
import { createIssuer } from "./issuer.ts";
import { describeMachine } from "./machine.ts";
import { freePort, type Running, start, startListening } from "./processes.ts";
import { writeReport } from "./report.ts";
import { neverSeen } from "./rows/never-seen.ts";
import { proxied } from "./rows/proxied.ts";
import { comparisonTable } from "./table.ts";

const COMPARISONS = [proxied, neverSeen];

const USAGE = `npm run bench -- [--quick] [--rounds N] [--rows NAME,…] [--only CONTENDER,…]

  --quick     2 rounds instead of 7: under a minute, for a first look
  --rows      ${COMPARISONS.map(({ name }) => name).join(", ")}
  --only      ${[...new Set(COMPARISONS.flatMap(({ contenders }) => contenders.map(({ name }) => name)))].join(", ")}

Only a whole run writes bench/README.md; the others print.`;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    rows: { type: "string" },
    only: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const isWhole = !options.quick && options.rows === undefined && options.only === undefined;
const rowWanted = (name: string): boolean => options.rows?.split(",").includes(name) ?? true;
const contenderWanted = (name: string): boolean => options.only?.split(",").includes(name) ?? true;

async function main(): Promise<void> {
  installDependencies();
  const effort: Effort = {
    rounds: Number(options.rounds ?? (options.quick ? 2 : 7)),
    milliseconds: options.quick ? 500 : 1500,
    say: (line) => process.stderr.write(`${line}\n`),
  };
  const folder = mkdtempSync(join(tmpdir(), "postern-bench-"));
  const started: Running[] = [];
  try {
    const upstreamPort = await freePort();
    const ours = (file: string) => fileURLToPath(new URL(file, import.meta.url));
    const common = { command: process.execPath, core: "rest", folder } as const;
    started.push(
      await startListening(
        { ...common, name: "upstream", args: [ours("upstream.ts"), String(upstreamPort)] },
        upstreamPort,
      ),
    );
    const generator = start({ ...common, name: "load", args: [ours("load.ts")], ipc: true });
    started.push(generator);
    const ground = { folder, upstreamPort, es256: await createIssuer("ES256"), rs256: await createIssuer("RS256") };

    const tables: string[] = [];
    for (const comparison of COMPARISONS.filter(({ name }) => rowWanted(name))) {
      for (const { name, missing } of comparison.contenders) if (missing) effort.say(`${name}: left out, ${missing}`);
      const contenders = comparison.contenders.filter(({ name, missing }) => missing === null && contenderWanted(name));
      const measurements = await compare({ ...comparison, contenders }, ground, generator, effort);
      tables.push(comparisonTable(comparison, measurements));
    }
    const head = `Measured on ${new Date().toISOString().slice(0, 10)}, ${effort.rounds} rounds. ${describeMachine()}`;
    const report = `\n${head}\n\n${tables.join("\n")}`;
    process.stdout.write(`${report}\n`);
    if (isWhole) writeReport(report);
  } finally {
    for (const running of started.reverse()) await running.stop();
    rmSync(folder, { recursive: true });
  }
}

if (options.help) process.stdout.write(`${USAGE}\n`);
else await main();
