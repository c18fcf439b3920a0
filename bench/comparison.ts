import type { Contender, Ground, Standing } from "./contender.ts";
import type { LoadPlan } from "./load-plan.ts";
import { type Measurement, measure } from "./measure.ts";
import type { Running } from "./processes.ts";

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
  /** How often that is sent before the first round, so that just-in-time compilers have settled. */
  readonly warmUps: number;
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

/** Starts the contenders, measures A B C … A B C …, and stops them. */
export async function compare(
  comparison: Comparison,
  ground: Ground,
  generator: Running,
  effort: Effort,
): Promise<Measurements> {
  const standings: (readonly [string, Standing])[] = [];
  const measurements = new Map<string, Measurement[]>();
  const last = new Map<string, Measurement>();
  try {
    for (const contender of comparison.contenders) standings.push([contender.name, await contender.start(ground)]);
    for (let round = -comparison.warmUps; round < effort.rounds; round++) {
      effort.say(`${comparison.name}: ${round < 0 ? "warm-up" : `round ${round + 1} of ${effort.rounds}`}`);
      for (const [name, standing] of standings) {
        try {
          const plan = await comparison.plan(standing, effort, last.get(name) ?? null);
          const measurement = await measure(generator, standing.pid, plan);
          last.set(name, measurement);
          if (round >= 0) measurements.set(name, [...(measurements.get(name) ?? []), measurement]);
        } catch (cause) {
          throw new Error(`${comparison.name}: ${name} failed`, { cause });
        }
      }
    }
  } finally {
    for (const [, standing] of standings) await standing.stop();
  }
  return measurements;
}
