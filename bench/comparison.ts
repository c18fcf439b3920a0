import type { Contender, Ground, Standing } from "./contender.ts";
import type { LoadPlan, LoadResult } from "./load-plan.ts";
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
  readonly plan: (standing: Standing, effort: Effort, last: LoadResult | null) => Promise<LoadPlan>;
  /** How often that is sent before the first round, so that just-in-time compilers have settled. */
  readonly warmUps: number;
}

/** The measurements of each contender, one a round, by its name. */
export type Measurements = ReadonlyMap<string, readonly Measurement[]>;

export interface Effort {
  readonly rounds: number;
  /** How long one measurement may take. */
  readonly milliseconds: number;
  readonly say: (line: string) => void;
}

/** Starts the contenders, measures A B C … A B C …, and stops them. */
export async function compare(
  comparison: Comparison,
  ground: Ground,
  generator: Running,
  effort: Effort,
): Promise<Measurements> {
  const standings: (readonly [string, Standing])[] = [];
  const measurements = new Map<string, Measurement[]>();
  const last = new Map<string, LoadResult>();
  try {
    for (const contender of comparison.contenders) standings.push([contender.name, await contender.start(ground)]);
    for (let round = -comparison.warmUps; round < effort.rounds; round++) {
      effort.say(`${comparison.name}: ${round < 0 ? "warm-up" : `round ${round + 1} of ${effort.rounds}`}`);
      for (const [name, standing] of standings) {
        try {
          const plan = await comparison.plan(standing, effort, last.get(name) ?? null);
          const measurement = await measure(generator, standing.pid, plan);
          last.set(name, measurement.load);
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
