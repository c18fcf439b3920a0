import { requestsFor, settle } from "../comparison.ts";
import type { Contender, Standing } from "../contender.ts";
import { bareNode } from "../contenders/bare-node.ts";
import { nginx } from "../contenders/nginx.ts";
import { posternDefaults } from "../contenders/postern.ts";
import { type IdleConnections, openFileLimit, openIdleConnections } from "../idle-connections.ts";
import { apiRequest } from "../load-plan.ts";
import { type Measurement, measure } from "../measure.ts";
import { residentMemory } from "../memory.ts";
import type { Bench, Found, Row } from "../row.ts";
import { median, spread } from "../statistics.ts";
import { ratioByRound, withSpread } from "../table.ts";

const IDLE = 10_000;
const QUICK = 1_000;
/** What a gateway opens besides. */
const SPARE = 500;

/** One contender twice: beside the idle connections, and without. */
interface Twins {
  readonly contender: Contender;
  readonly without: Twin;
  readonly beside: Twin;
}

interface Twin {
  readonly standing: Standing;
  readonly measured: Measurement[];
  last: Measurement | null;
}

interface Holding extends Twins {
  readonly idle: IdleConnections;
  /** Resident bytes that each idle connection has added. */
  readonly bytes: number;
}

type Stops = (() => Promise<void>)[];

/** What connections that do nothing take of a gateway, and of the requests beside them. */
export const idle: Row = {
  name: "idle",
  missing:
    openFileLimit() < IDLE + SPARE
      ? `${IDLE + SPARE} open files are needed, and ${openFileLimit()} allowed (ulimit -Hn)`
      : null,
  async measure(bench) {
    const count = bench.quick ? QUICK : IDLE;
    const stops: Stops = [];
    try {
      const settled: Twins[] = [];
      for (const contender of [bareNode, posternDefaults, nginx].filter(({ missing }) => missing === null)) {
        bench.effort.say(`idle: warming up ${contender.name}`);
        const [without, beside] = [await startTwin(bench, contender, stops), await startTwin(bench, contender, stops)];
        settled.push({ contender, without, beside });
      }
      bench.effort.say(`idle: opening ${count} connections each`);
      const holding: Holding[] = [];
      for (const twins of settled) holding.push(await hold(bench, twins, count, stops));
      await measureRounds(bench, holding);
      const { table, figures } = found(count, holding);
      return { table, figures: bench.quick ? {} : figures };
    } finally {
      for (const stop of stops.reverse()) await stop();
    }
  },
};

async function startTwin(bench: Bench, contender: Contender, stops: Stops): Promise<Twin> {
  const standing = await contender.start(bench.ground);
  stops.push(standing.stop);
  const twin: Twin = { standing, measured: [], last: null };
  await settle(() => measureTwin(bench, twin));
  return twin;
}

async function hold({ ground }: Bench, twins: Twins, count: number, stops: Stops): Promise<Holding> {
  const { pid, port, users } = twins.beside.standing;
  const before = residentMemory(pid).now;
  const idle = await openIdleConnections(ground, { port, count, message: apiRequest(users?.[0] ?? null) });
  stops.push(idle.stop);
  return { ...twins, idle, bytes: (residentMemory(pid).now - before) / count };
}

async function measureRounds(bench: Bench, holding: readonly Holding[]): Promise<void> {
  const { rounds, say } = bench.effort;
  const keepAll = async () => {
    for (const { idle } of holding) await idle.keep();
  };
  for (let round = 0; round < rounds; round++) {
    say(`idle: round ${round + 1} of ${rounds}`);
    for (const twin of holding.flatMap(({ without, beside }) => [without, beside])) {
      await keepAll();
      twin.measured.push(await measureTwin(bench, twin));
    }
  }
  await keepAll();
}

async function measureTwin({ generator, effort }: Bench, twin: Twin): Promise<Measurement> {
  const { pid, port, users } = twin.standing;
  twin.last = await measure(generator, pid, {
    ports: [port],
    connections: 32,
    requests: requestsFor(effort, twin.last, 5000),
    rate: null,
    send: { kind: "list", messages: (users ?? [null]).map(apiRequest) },
    expect: 200,
  });
  return twin.last;
}

function found(count: number, holding: readonly Holding[]): Found {
  const lines = holding.flatMap(({ contender, without, beside, bytes }) => {
    const label = contender === posternDefaults ? `**${contender.label}**` : contender.label;
    return [
      `| ${label} | 0 | ${cells(without).join(" | ")} | 1 | 1 | |`,
      `| | ${count.toLocaleString("en-GB")} | ${cells(beside).join(" | ")} | ${withSpread(ratioByRound(beside.measured, without.measured, cpu))} | ${withSpread(ratioByRound(beside.measured, without.measured, p99))} | ${(bytes / 1000).toFixed(1)} |`,
    ];
  });
  const postern = holding.find(({ contender }) => contender === posternDefaults);
  const ratio = postern && ratioByRound(postern.beside.measured, postern.without.measured, p99).median;
  const table = [
    "### Idle connections",
    "",
    `The main row's requests by 32 clients, at a gateway that holds ${count.toLocaleString("en-GB")} keep-alive connections beside, each used once and then idle, and at another of the same kind that holds none, in turn. Postern's own bound on connections is 20,000; nginx is told of 16,384, and bare Node to let them wait for 75 s, as the others do.`,
    "",
    "| contender | idle | CPU µs a request | answers a second | p50 ms | p99 ms | ratio of CPU | ratio of p99 | resident kB an idle connection |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
  return { table, figures: ratio === undefined ? {} : { "idle p99 ratio": ratio } };
}

type Of = (measurement: Measurement) => number;

const cpu: Of = (one) => one.cpu;
const p99: Of = ({ load }) => load.latency.p99;

function cells({ measured }: Twin): readonly string[] {
  const medianOf = (of: Of, digits: number) => median(measured.map(of)).toFixed(digits);
  return [
    withSpread(spread(measured.map(cpu))),
    withSpread(spread(measured.map(({ rate }) => rate))),
    medianOf(({ load }) => load.latency.p50, 2),
    medianOf(p99, 2),
  ];
}
