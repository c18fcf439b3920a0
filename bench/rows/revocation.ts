import { duringLoad, openLoopRate } from "../background-load.ts";
import { apiRequest } from "../load-plan.ts";
import { logIn, makeMany } from "../postern-client.ts";
import { startPair } from "../postern-pair.ts";
import { latencyTable, refusalLatency } from "../refusal-latency.ts";
import type { Row } from "../row.ts";

/** Milliseconds from one logout to the next: more than the bound that is promised. */
const EVERY = 110;

/** On the embedded store, where another process's entry is seen by asking. */
export const revocation: Row = {
  name: "revocation",
  missing: null,
  async measure({ ground, generator, quick }) {
    const count = quick ? 20 : 100;
    const { measured, other, accounts, stop } = await startPair(ground);
    try {
      const logins = await makeMany(count + 1, 2, (index) =>
        logIn(other.port, accounts[index % accounts.length] ?? fail()),
      );
      const [caller = fail(), ...tokens] = logins.map(({ access }) => access);
      const send = { kind: "list", messages: [apiRequest(caller)] } as const;
      const calls = { ports: [measured.port], connections: 32, send, expect: 200 };
      const rate = await openLoopRate(generator, calls);
      const load = { ...calls, rate };
      const { result } = await duringLoad(generator, load, () => refusalLatency(other, [measured], tokens, EVERY));
      const table = latencyTable(
        "Revocation on the embedded store, from acknowledgement to refusal",
        `${count} sessions logged out at one gateway, each asked for at another on the same SQLite file until it refuses, while that one serves ${rate.toLocaleString("en-GB")} requests a second, 30 % of what it can. The embedded store promises 100 ms.`,
        result,
      );
      return { table, figures: { "revocation embedded max": result.max } };
    } finally {
      await stop();
    }
  },
};

const fail = (): never => {
  throw new Error("nobody logged in");
};
