import { writeFileSync } from "node:fs";
import { apiRequest } from "../load-plan.ts";
import { measure } from "../measure.ts";
import { megabytes, memoryInUse, residentMemory } from "../memory.ts";
import { mintOn } from "../minting.ts";
import { linePlot } from "../plot.ts";
import { PosternGateways } from "../postern-gateways.ts";
import type { Row } from "../row.ts";
import { Seeding } from "../seeding.ts";
import { quantile } from "../statistics.ts";

const TOKENS = 1_000_000;
const BATCH = 10_000;
/** Milliseconds after which the soak ends with fewer tokens, unless asked for the whole. */
const PATIENCE = 200_000;
/** The heap is looked at after each so many batches, because looking collects garbage. */
const LOOK_EVERY = 5;

interface Sample {
  /** Since the beginning. */
  readonly seconds: number;
  /** Distinct tokens so far. */
  readonly tokens: number;
  readonly resident: number;
  /** In use after a garbage collection, JavaScript objects and buffers; null where nobody looked. */
  readonly inUse: number | null;
}

/** Whether memory stays where it is however many tokens pass by. */
export const soak: Row = {
  name: "soak",
  missing: null,
  async measure({ ground, generator, effort, quick, long }) {
    const [total, batch] = quick ? [TOKENS / 10, BATCH / 10] : [TOKENS, BATCH];
    const gateways = await PosternGateways.on(ground, {});
    try {
      const gateway = await gateways.start({ core: "contender", probed: true });
      const seeding = await Seeding.on(gateways);
      const mint = await mintOn(seeding.store, gateways);
      await seeding.close();
      const samples: Sample[] = [];
      let minted = await mint(batch);
      const start = performance.now();
      for (let tokens = batch; tokens <= total; tokens += batch) {
        if ((tokens / batch) % 10 === 1) effort.say(`soak: ${tokens - batch} of ${total} tokens`);
        const send = { kind: "list", messages: minted.map(apiRequest) } as const;
        const plan = { ports: [gateway.port], connections: 32, requests: batch, rate: null, send, expect: 200 };
        // The next are made while these are sent.
        [, minted] = await Promise.all([measure(generator, gateway.pid, plan), mint(batch)]);
        const seconds = (performance.now() - start) / 1000;
        const resident = residentMemory(gateway.pid).now;
        const looks = (tokens / batch) % LOOK_EVERY === 0;
        const { heap, buffers } = looks ? await memoryInUse(gateway) : { heap: null, buffers: 0 };
        samples.push({ seconds, tokens, resident, inUse: heap === null ? null : heap + buffers });
        if (!long && seconds * 1000 > PATIENCE) break;
      }
      if (!quick) write(samples);
      return report(samples, quick);
    } finally {
      await gateways.stop();
    }
  },
};

function write(samples: readonly Sample[]): void {
  const file = (name: string) => new URL(`../${name}`, import.meta.url);
  const lines = samples.map(({ seconds, tokens, resident, inUse }) =>
    [seconds.toFixed(1), tokens, megabytes(resident), inUse === null ? "" : megabytes(inUse)].join(),
  );
  writeFileSync(file("soak.csv"), `seconds,tokens,resident_mb,in_use_mb\n${lines.join("\n")}\n`);
  const looked = samples.flatMap(({ tokens, inUse }) => (inUse === null ? [] : [[tokens, inUse / 1e6] as const]));
  const plot = linePlot({
    title: "Memory of a gateway, each token sent once",
    x: "distinct tokens so far",
    y: "MB",
    series: [
      { name: "resident", points: samples.map(({ tokens, resident }) => [tokens, resident / 1e6]) },
      { name: "in use after a collection", points: looked },
    ],
  });
  writeFileSync(file("soak.svg"), plot);
}

function report(samples: readonly Sample[], quick: boolean) {
  const { tokens, seconds } = samples.at(-1) ?? { tokens: 0, seconds: 0 };
  const fifth = Math.ceil(samples.length / 5);
  const growth = median(samples.slice(-fifth)) / median(samples.slice(fifth, 2 * fifth));
  const inUse = samples.flatMap((sample) => (sample.inUse === null ? [] : [sample.inUse]));
  const table = [
    `### A soak of ${tokens.toLocaleString("en-GB")} distinct tokens`,
    "",
    `Each sent once, by 32 connections, in ${Math.round(seconds)} s. The verified-token cache is full after some 40,000. In use are JavaScript objects and buffers after a garbage collection.`,
    "",
    ...(quick ? [] : ["![resident memory and memory in use over the tokens sent](soak.svg) ([numbers](soak.csv))", ""]),
    "| | second fifth | last fifth |",
    "| --- | --- | --- |",
    `| resident MB, median | ${megabytes(median(samples.slice(fifth, 2 * fifth)))} | ${megabytes(median(samples.slice(-fifth)))} |`,
    "",
    `The last fifth is at ${growth.toFixed(2)} times the second fifth; at the end ${megabytes(inUse.at(-1) ?? Number.NaN)} MB are in use.`,
    "",
  ].join("\n");
  return { table, figures: quick ? {} : { "soak growth": growth } };
}

const median = (samples: readonly Sample[]): number =>
  quantile(
    samples.map(({ resident }) => resident),
    0.5,
  );
