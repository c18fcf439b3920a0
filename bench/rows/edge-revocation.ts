import { duringLoad, openLoopRate } from "../background-load.ts";
import { startEdgeOnRedis, startEdgePostern } from "../edge-postern.ts";
import { edgeRequest } from "../load-plan.ts";
import { logIn, makeMany } from "../postern-client.ts";
import { startFleet } from "../postern-fleet.ts";
import { REDIS_MISSING } from "../redis-server.ts";
import { latencyTable, type RefusalLatency, refusalLatency } from "../refusal-latency.ts";
import type { Bench, Row } from "../row.ts";

/** Milliseconds from one logout to the next: no multiple of the half second between two pulls, so that every moment between them is met. */
const EVERY = 737;

const sessionCount = ({ quick }: Bench): number => (quick ? 20 : 60);

/** From one isolate to another that is busy. */
export const edgeRevocation: Row = {
  name: "edge-revocation",
  missing: null,
  async measure(bench) {
    const count = sessionCount(bench);
    const { ports, accounts, stop } = await startEdgePostern(bench.ground, 2);
    const [taker = 0, refuser = 0] = ports;
    try {
      const logins = await makeMany(count + 1, 2, (index) => logIn(taker, accounts[index % accounts.length] ?? fail()));
      const tokens = logins.map(({ access }) => access);
      const { rate, latency } = await revokeWhileBusy(bench, { taker, refuser, tokens });
      const table = latencyTable(
        "Revocation on Workers, from acknowledgement to refusal",
        `${count} sessions logged out at one Worker, each asked for at another on the same Durable Object until it refuses, while that one serves ${rate} requests a second. The bound is a second; a busy isolate pulls every half second.`,
        latency,
      );
      return { table, figures: {} };
    } finally {
      await stop();
    }
  },
};

/** From Node to a busy Worker, on one Redis. */
export const edgeRevocationRedis: Row = {
  name: "edge-revocation-redis",
  missing: REDIS_MISSING,
  async measure(bench) {
    const count = sessionCount(bench);
    const fleet = await startFleet(bench.ground);
    const stops = [fleet.stop];
    try {
      const node = await fleet.gateways.start({ core: "rest" });
      const worker = await startEdgeOnRedis(bench.ground, fleet);
      stops.push(worker.stop);
      const tokens = await fleet.logIns(count + 1, node);
      const { rate, latency } = await revokeWhileBusy(bench, { taker: node.port, refuser: worker.port, tokens });
      const table = latencyTable(
        "Revocation in a mixed fleet on Redis, from acknowledgement to refusal",
        `${count} sessions logged out at a gateway on Node, each asked for at a Worker until it refuses, while that one serves ${rate} requests a second.`,
        latency,
      );
      return { table, figures: {} };
    } finally {
      for (const stop of stops.toReversed()) await stop();
    }
  },
};

interface Gateways {
  readonly taker: number;
  readonly refuser: number;
  /** The first is the one that the load is sent with. */
  readonly tokens: readonly string[];
}

async function revokeWhileBusy(
  { generator }: Bench,
  { taker, refuser, tokens: [caller = fail(), ...tokens] }: Gateways,
): Promise<{ readonly rate: string; readonly latency: RefusalLatency }> {
  const send = { kind: "list", messages: [edgeRequest(caller)] } as const;
  const calls = { ports: [refuser], connections: 32, send, expect: 200 };
  const rate = await openLoopRate(generator, calls);
  const { result: latency } = await duringLoad(generator, { ...calls, rate }, () =>
    refusalLatency({ port: taker }, [{ port: refuser }], tokens, EVERY),
  );
  return { rate: rate.toLocaleString("en-GB"), latency };
}

const fail = (): never => {
  throw new Error("nobody logged in");
};
