import { type Comparison, requestsFor } from "../comparison.ts";
import { bareNode } from "../contenders/bare-node.ts";
import { haproxyEs256 } from "../contenders/haproxy.ts";
import { nginx } from "../contenders/nginx.ts";
import { posternDefaults } from "../contenders/postern.ts";
import { apiRequest } from "../load-plan.ts";
import type { Measurement } from "../measure.ts";
import { median } from "../statistics.ts";
import { figure } from "../table.ts";
import { proxied } from "./proxied.ts";

/** The median of the rounds, in milliseconds. */
const p99 = {
  title: "p99 ms",
  cell: (rounds: readonly Measurement[]): string => figure(median(rounds.map(({ load }) => load.latency.p99))),
};

/** The main row with more clients. */
const row = (connections: number): Comparison => ({
  ...proxied,
  name: `clients-${connections}`,
  title: `${connections.toLocaleString("en-GB")} clients`,
  note: `The requests of the main row, on ${connections.toLocaleString("en-GB")} keep-alive connections that each send the next as soon as they are answered: p99 is the time in the queue that they make.`,
  contenders: [bareNode, posternDefaults, nginx, haproxyEs256],
  columns: [p99],
  async plan({ port, users }, effort, last) {
    const messages = (users ?? [null]).map(apiRequest);
    return {
      ports: [port],
      connections,
      // Connections to the upstream are made by then too.
      opening: { messages, expect: 200 },
      requests: requestsFor({ ...effort, cpuTime: effort.cpuTime / 3 }, last, 5000),
      rate: null,
      send: { kind: "list", messages },
      expect: 200,
    };
  },
});

export const clients: readonly Comparison[] = [row(64), row(1024)];
