import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { openLoopRate } from "../background-load.ts";
import { apiRequest, httpRequest, type LoadPlan, type LoadResult } from "../load-plan.ts";
import { sendLoad } from "../measure.ts";
import { logIn, loginBody, makeMany } from "../postern-client.ts";
import { startPair } from "../postern-pair.ts";
import { type Running, start } from "../processes.ts";
import type { Bench, Found, Row } from "../row.ts";
import { median } from "../statistics.ts";

/** Logins a second: several times what a core can hash. */
const RATE = 500;
const CONNECTIONS = 256;
const SECONDS = 3;
const CALLERS = 8;

interface Round {
  readonly alone: LoadResult;
  readonly flooded: LoadResult;
  readonly flood: LoadResult;
}

/** The proxy's latency while logins come from many addresses for many names, faster than their passwords can be checked. */
export const flood: Row = {
  name: "flood",
  missing: null,
  async measure(bench) {
    const second = secondGenerator(bench);
    const { measured, other, accounts, stop } = await startPair(bench.ground, { believesForwarded: true });
    try {
      const [account] = accounts;
      if (!account) throw new Error("no accounts");
      const callers = await makeMany(CALLERS, 2, async () => (await logIn(other.port, account)).access);
      const send = { kind: "list", messages: callers.map(apiRequest) } as const;
      const calls = { ports: [measured.port], connections: 32, send, expect: 200 };
      const rate = await openLoopRate(bench.generator, calls);
      const proxied = { ...calls, rate, requests: rate * SECONDS };
      const rounds: Round[] = [];
      for (let round = 0; round < bench.effort.rounds; round++) {
        bench.effort.say(`flood: round ${round + 1} of ${bench.effort.rounds}`);
        const alone = await sendLoad(bench.generator, proxied);
        const flooding = sendLoad(second, floodPlan(measured.port));
        const flooded = await sendLoad(bench.generator, proxied);
        rounds.push({ alone, flooded, flood: await flooding });
      }
      return found(rate, rounds);
    } finally {
      await second.stop();
      await stop();
    }
  },
};

function secondGenerator({ ground }: Bench): Running {
  const args = [fileURLToPath(new URL("../load.ts", import.meta.url))];
  return start({ name: "flood", command: process.execPath, args, core: "rest", folder: ground.folder, ipc: true });
}

/** No name and no address comes twice, so that no limit but the hashing queue's bound meets them. It outlasts the load that is measured. */
function floodPlan(port: number): LoadPlan {
  const requests = RATE * (SECONDS + 1);
  const messages = Array.from({ length: requests }, (_, index) => {
    const account = { username: `nobody-${randomBytes(8).toString("hex")}`, password: "not the right password" };
    const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
    return httpRequest("POST", "/auth/login", { "X-Forwarded-For": address }, loginBody(account));
  });
  const send = { kind: "list", messages } as const;
  return { ports: [port], connections: CONNECTIONS, requests, rate: RATE, send, expect: null };
}

function found(rate: number, rounds: readonly Round[]): Found {
  const medianOf = (of: (round: Round) => number) => median(rounds.map(of));
  const answers = (status: number) => medianOf(({ flood }) => (100 * (flood.statuses[status] ?? 0)) / flood.answers);
  const row = (what: string, of: (round: Round) => LoadResult) => {
    const cells = (["p50", "p99", "max"] as const).map((q) => medianOf((round) => of(round).latency[q]).toFixed(1));
    return `| ${what} | ${cells.join(" | ")} |`;
  };
  const table = [
    "### The proxy under a flood of logins",
    "",
    `${rate.toLocaleString("en-GB")} proxied requests a second in an open loop, 30 % of what the gateway can, alone and while ${RATE} logins a second come, each for another name from another address; medians of the rounds. Passwords are hashed on the gateway's one core.`,
    "",
    "| | p50 ms | p99 ms | slowest ms |",
    "| --- | --- | --- | --- |",
    row("alone", ({ alone }) => alone),
    row("under the flood", ({ flooded }) => flooded),
    "",
    `The flood's answers: ${answers(503).toFixed(0)} % 503, ${answers(401).toFixed(0)} % 401 (their passwords were checked), ${answers(429).toFixed(0)} % 429.`,
    "",
  ].join("\n");
  const ratio = medianOf(({ alone, flooded }) => flooded.latency.p99 / alone.latency.p99);
  return { table, figures: { "flood p99 ratio": ratio, "flood refused": answers(503) } };
}
