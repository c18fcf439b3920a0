import { fileURLToPath } from "node:url";
import type { Contender, Ground, Standing } from "./contender.ts";
import type { LoadPlan } from "./load-plan.ts";
import { type Measurement, measure } from "./measure.ts";
import { freePort, type Running, startListening } from "./processes.ts";

/** One table: the same work given to several contenders in turn, round after round. */
export interface Comparison {
  /** What `--rows` takes. */
  readonly name: string;
  readonly title: string;
  readonly note: string;
  readonly contenders: readonly Contender[];
  /** Name of the contender that the ratios are against. */
  readonly yardstick: string;
  /** What one measurement sends, after what its last one gave. Called before each, outside of the measured time. */
  readonly plan: (standing: Standing, effort: Effort, last: Measurement | null) => Promise<LoadPlan>;
  /** What stands behind the contenders, relative to bench/, where it is not upstream.ts. */
  readonly upstream?: string;
  /** What CPU time is told for, where it is not a request. */
  readonly counted?: Counted;
  /** Further columns of its table. */
  readonly columns?: readonly Column[];
}

export interface Counted {
  /** One of them, with its article, and several. */
  readonly one: string;
  readonly many: string;
  /** How many come to one answer. */
  readonly each: number;
}

export interface Column {
  readonly title: string;
  /** Of all rounds of one contender. */
  readonly cell: (rounds: readonly Measurement[]) => string;
}

/** The measurements of each contender, one a round, by its name. */
export type Measurements = ReadonlyMap<string, readonly Measurement[]>;

export interface Effort {
  readonly rounds: number;
  /** How much CPU time one measurement should take of its contender, in milliseconds: the same whatever else the machine does. */
  readonly cpuTime: number;
  readonly say: (line: string) => void;
}

/** How many requests come to the CPU time of one measurement, going by the last one. */
export const requestsFor = ({ cpuTime }: Effort, last: Measurement | null, first: number): number =>
  last === null ? first : Math.ceil((cpuTime * 1000) / last.cpu);

/** A contender has settled when so many measurements in a row have cost no less than the best before them, by this part. */
const SETTLED = { measurements: 4, part: 0.02 };
const MAX_WARM_UPS = 15;

/** Measures until it gets no cheaper. */
export async function settle(measureOnce: () => Promise<Measurement>): Promise<void> {
  let best = Number.POSITIVE_INFINITY;
  let inVain = 0;
  for (let count = 0; count < MAX_WARM_UPS && inVain < SETTLED.measurements; count++) {
    const { cpu } = await measureOnce();
    inVain = cpu < best * (1 - SETTLED.part) ? 0 : inVain + 1;
    best = Math.min(best, cpu);
  }
}

/**
 * Starts the contenders, measures each until it gets no faster (a just-in-time compiler is done with a small program much sooner than
 * with a large one), then A B C … A B C …, and stops them.
 */
export async function compare(
  comparison: Comparison,
  ground: Ground,
  generator: Running,
  effort: Effort,
): Promise<Measurements> {
  const standings: (readonly [string, Standing])[] = [];
  const measurements = new Map<string, Measurement[]>();
  const last = new Map<string, Measurement>();

  async function measureNext(name: string, standing: Standing): Promise<Measurement> {
    try {
      const plan = await comparison.plan(standing, effort, last.get(name) ?? null);
      const measurement = await measure(generator, standing.pid, plan);
      last.set(name, measurement);
      return measurement;
    } catch (cause) {
      throw new Error(`${comparison.name}: ${name} failed`, { cause });
    }
  }

  const upstream = comparison.upstream === undefined ? null : await startUpstream(comparison.upstream, ground);
  try {
    const over = upstream === null ? ground : { ...ground, upstreamPort: upstream.port };
    for (const contender of comparison.contenders) standings.push([contender.name, await contender.start(over)]);
    for (const [name, standing] of standings) {
      effort.say(`${comparison.name}: warming up ${name}`);
      await settle(() => measureNext(name, standing));
    }
    for (let round = 0; round < effort.rounds; round++) {
      effort.say(`${comparison.name}: round ${round + 1} of ${effort.rounds}`);
      for (const [name, standing] of standings) {
        measurements.set(name, [...(measurements.get(name) ?? []), await measureNext(name, standing)]);
      }
    }
  } finally {
    for (const [, standing] of standings) await standing.stop();
    await upstream?.stop();
  }
  return measurements;
}

/** Starts what stands behind every contender; `file` is relative to bench/. */
export async function startUpstream(file: string, { folder }: Pick<Ground, "folder">) {
  const port = await freePort();
  const args = [fileURLToPath(new URL(file, import.meta.url)), String(port)];
  const program = { name: "upstream", command: process.execPath, args, core: "rest", folder } as const;
  return { ...(await startListening(program, port)), port };
}
