import { resolve } from "node:path";
import { parseArgs } from "node:util";

export interface Options {
  readonly help: boolean;
  /** Nothing was left out: worth writing down. */
  readonly isWhole: boolean;
  readonly rounds: number;
  /** Milliseconds of its contender's CPU that one measurement should take. */
  readonly cpuTime: number;
  /** A first look. */
  readonly quick: boolean;
  /** The soak takes as long as it takes. */
  readonly long: boolean;
  /** A folder for CPU profiles of the measured Postern, or null. */
  readonly profile: string | null;
  readonly wantsRow: (name: string) => boolean;
  readonly wantsContender: (name: string) => boolean;
}

export function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      long: { type: "boolean", default: false },
      rounds: { type: "string" },
      "cpu-time": { type: "string" },
      rows: { type: "string" },
      only: { type: "string" },
      profile: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? 2 : 5));
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) throw new Error("--rounds takes 1 to 100");
  const cpuTime = Number(values["cpu-time"] ?? (values.quick ? 250 : 800));
  if (!Number.isInteger(cpuTime) || cpuTime < 50 || cpuTime > 10_000) throw new Error("--cpu-time takes 50 to 10000");
  const rows = values.rows?.split(",");
  const only = values.only?.split(",");
  return {
    help: values.help,
    isWhole: ![rows, only, values.profile].some((left) => left !== undefined) && !values.quick,
    rounds,
    cpuTime,
    quick: values.quick,
    long: values.long,
    profile: values.profile === undefined ? null : resolve(values.profile),
    wantsRow: (name) => rows?.includes(name) ?? true,
    wantsContender: (name) => only?.includes(name) ?? true,
  };
}

export const usage = (rows: readonly string[], contenders: readonly string[]): string =>
  `npm run bench -- [--quick] [--long] [--rounds N] [--cpu-time MS] [--rows NAME,…] [--only CONTENDER,…] [--profile FOLDER]

  --quick   2 short rounds instead of 5, and a tenth of what is counted by the thousand, for a first look
  --rounds, --cpu-time
            how often each contender is measured, and how much of its CPU time that takes; many short rounds hold best on a busy machine
  --long    a soak of a million tokens however long it takes, not of 200 s
  --rows    ${rows.join(", ")}
  --only    ${contenders.join(", ")}
  --profile has the measured Postern write CPU profiles (.cpuprofile) there; its figures are then higher

Only a whole run writes bench/README.md; the others print.
`;
