import { duringLoad, openLoopRate } from "../background-load.ts";
import { startEdgeOnRedis, startEdgePostern } from "../edge-postern.ts";
import { edgeRequest } from "../load-plan.ts";
import { logIn, makeMany } from "../postern-client.ts";
import { startFleet } from "../postern-fleet.ts";
import { REDIS_MISSING } from "../redis-server.ts";
import { latencyCells, refusalLatency } from "../refusal-latency.ts";
import type { Row } from "../row.ts";

/** Milliseconds from one logout to the next: no multiple of the half second between two pulls, so that every moment between them is met. */
const EVERY = 737;

/** From one isolate to another that is busy. */
export const edgeRevocation: Row = {
  name: "edge-revocation",
  missing: null,
  async measure({ ground, generator, quick }) {
    const count = quick ? 20 : 100;
    const { ports, accounts, stop } = await startEdgePostern(ground, 2);
    const [taker = 0, refuser = 0] = ports;
    try {
      const logins = await makeMany(count + 1, 2, (index) => logIn(taker, accounts[index % accounts.length] ?? fail()));
      const [caller = fail(), ...tokens] = logins.map(({ access }) => access);
      const send = { kind: "list", messages: [edgeRequest(caller)] } as const;
      const calls = { ports: [refuser], connections: 32, send, expect: 200 };
      const rate = await openLoopRate(generator, calls);
      const { result } = await duringLoad(generator, { ...calls, rate }, () =>
        refusalLatency({ port: taker }, [{ port: refuser }], tokens, EVERY),
      );
      const table = [
        "### Revocation on Workers, from acknowledgement to refusal",
        "",
        `${count} sessions logged out at one Worker, each asked for at another on the same Durable Object until it refuses, while that one serves ${rate.toLocaleString("en-GB")} requests a second. The bound is a second; a busy isolate pulls every half second.`,
        "",
        "| p50 ms | p99 ms | slowest ms |",
        "| --- | --- | --- |",
        `| ${latencyCells(result)} |`,
        "",
      ].join("\n");
      return { table, figures: {} };
    } finally {
      await stop();
    }
  },
};

const fail = (): never => {
  throw new Error("nobody logged in");
};

/** From Node to a busy Worker, on one Redis. */
export const edgeRevocationRedis: Row = {
  name: "edge-revocation-redis",
  missing: REDIS_MISSING,
  async measure({ ground, generator, quick }) {
    const count = quick ? 20 : 100;
    const fleet = await startFleet(ground);
    const stops = [fleet.stop];
    try {
      const node = await fleet.gateways.start({ core: "rest" });
      const worker = await startEdgeOnRedis(ground, fleet);
      stops.push(worker.stop);
      const [caller = fail(), ...tokens] = await fleet.logIns(count + 1, node);
      const send = { kind: "list", messages: [edgeRequest(caller)] } as const;
      const calls = { ports: [worker.port], connections: 32, send, expect: 200 };
      const rate = await openLoopRate(generator, calls);
      const { result } = await duringLoad(generator, { ...calls, rate }, () =>
        refusalLatency(node, [worker], tokens, EVERY),
      );
      const table = [
        "### Revocation in a mixed fleet on Redis, from acknowledgement to refusal",
        "",
        `${count} sessions logged out at a gateway on Node, each asked for at a Worker until it refuses, while that one serves ${rate.toLocaleString("en-GB")} requests a second.`,
        "",
        "| p50 ms | p99 ms | slowest ms |",
        "| --- | --- | --- |",
        `| ${latencyCells(result)} |`,
        "",
      ].join("\n");
      return { table, figures: {} };
    } finally {
      for (const stop of stops.toReversed()) await stop();
    }
  },
};
