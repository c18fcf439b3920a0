import { apiRequest } from "../load-plan.ts";
import { measure } from "../measure.ts";
import { megabytes, memoryInUse, residentMemory } from "../memory.ts";
import { mintOn } from "../minting.ts";
import { PosternGateways } from "../postern-gateways.ts";
import type { Row } from "../row.ts";
import { Seeding } from "../seeding.ts";
import { quantile } from "../statistics.ts";

const BATCHES = 50;
const PLOT_HEIGHT = 8;

interface Sample {
  /** Distinct tokens so far. */
  readonly tokens: number;
  readonly resident: number;
}

/** Whether memory stays where it is however many tokens pass by. */
export const soak: Row = {
  name: "soak",
  missing: null,
  async measure({ ground, generator, effort, quick }) {
    const batch = quick ? 2_000 : 20_000;
    const gateways = await PosternGateways.on(ground, {});
    try {
      const gateway = await gateways.start({ core: "contender", probed: true });
      const seeding = await Seeding.on(gateways);
      const mint = await mintOn(seeding.store, gateways);
      await seeding.close();
      const samples: Sample[] = [];
      for (let round = 1; round <= BATCHES; round++) {
        if (round % 10 === 1) effort.say(`soak: ${(round - 1) * batch} of ${BATCHES * batch} tokens`);
        const messages = (await mint(batch)).map(apiRequest);
        const send = { kind: "list", messages } as const;
        const plan = { ports: [gateway.port], connections: 32, requests: batch, rate: null, send, expect: 200 };
        await measure(generator, gateway.pid, plan);
        samples.push({ tokens: round * batch, resident: residentMemory(gateway.pid).now });
      }
      const growth = median(samples.slice(-10)) / median(samples.slice(10, 20));
      const { heap, buffers } = await memoryInUse(gateway);
      const table = [
        `### A soak of ${(BATCHES * batch).toLocaleString("en-GB")} distinct tokens`,
        "",
        `Each sent once, by 32 connections; resident megabytes of the gateway after every ${batch.toLocaleString("en-GB")}. The verified-token cache is full after some 40,000. At the end ${megabytes(heap)} MB of heap and ${megabytes(buffers)} MB of buffers are in use after a garbage collection.`,
        "",
        "```text",
        ...plot(samples),
        "```",
        "",
        `The last fifth is at ${growth.toFixed(2)} times the second fifth.`,
        "",
      ].join("\n");
      return { table, figures: quick ? {} : { "soak growth": growth } };
    } finally {
      await gateways.stop();
    }
  },
};

const median = (samples: readonly Sample[]): number =>
  quantile(
    samples.map(({ resident }) => resident),
    0.5,
  );

/** Columns of megabytes over tokens, from 0. */
function plot(samples: readonly Sample[]): string[] {
  const top = Math.max(...samples.map(({ resident }) => resident));
  const lines: string[] = [];
  for (let level = PLOT_HEIGHT; level > 0; level--) {
    const label = megabytes((top * level) / PLOT_HEIGHT).padStart(7);
    const columns = samples.map(({ resident }) => (resident > (top * (level - 0.5)) / PLOT_HEIGHT ? "█" : " "));
    lines.push(`${label} ┤${columns.join("")}`.trimEnd());
  }
  lines.push(`${" ".repeat(8)}└${"─".repeat(samples.length)}`);
  lines.push(
    `${" ".repeat(9)}0${"tokens".padStart(samples.length - 1)} ${samples.at(-1)?.tokens.toLocaleString("en-GB")}`,
  );
  return lines;
}
