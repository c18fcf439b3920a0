// The load generator, a process of its own: takes plans over IPC, one at a time. Raw sockets, because an HTTP client
// would cost as much as the gateways it measures.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { GO, type LoadPlan, type LoadReply, type LoadResult, type Opening } from "./load-plan.ts";
import { type Connection, framesScript, listScript, RefreshScript, type Script } from "./load-script.ts";
import { ResponseReader } from "./response-reader.ts";
import { quantile } from "./statistics.ts";

/** Connections that are made at once: no more than any listener's backlog takes. */
const BATCH = 100;
/** What every connection reads into: readers keep nothing of it. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** One that tells `received` what it reads. */
const open = (port: number, received: (bytes: Buffer) => void): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const callback = (length: number) => {
      received(READ_BUFFER.subarray(0, length));
      return true;
    };
    const socket = connect({
      ...{ port, host: "127.0.0.1", noDelay: true },
      onread: { buffer: READ_BUFFER, callback },
    });
    socket.once("connect", () => resolve(socket)).once("error", reject);
  });

/** The connections of a plan, and who hears of what they bring. */
class Connections {
  readonly all: Connection[] = [];
  receive: (connection: Connection, bytes: Buffer) => void = () => {};

  async open({ ports, connections }: LoadPlan): Promise<void> {
    while (this.all.length < connections) {
      const count = Math.min(BATCH, connections - this.all.length);
      const batch = Array.from({ length: count }, (_, index) =>
        this.#open(ports[(this.all.length + index) % ports.length]),
      );
      this.all.push(...(await Promise.all(batch)));
    }
  }

  async #open(port = 0): Promise<Connection> {
    const reader = new ResponseReader(false);
    const socket = await open(port, (bytes) => this.receive(connection, bytes));
    const connection: Connection = { socket, reader, due: null, token: 0 };
    return connection;
  }

  destroy(): void {
    for (const { socket } of this.all) socket.removeAllListeners("close").destroy();
  }
}

/** Sends each connection's opening, and waits for its answer. */
async function begin(connections: Connections, { messages, expect }: Opening): Promise<void> {
  let waiting = connections.all.length;
  await new Promise<void>((resolve, reject) => {
    connections.receive = (connection, bytes) => {
      const answer = connection.reader.read(bytes);
      if (answer === null) return;
      if (answer.status !== expect) reject(new Error(`opened with ${answer.status}, not ${expect}`));
      else if (--waiting === 0) resolve();
    };
    for (const [index, { socket }] of connections.all.entries()) {
      socket.once("close", () => reject(new Error("connection closed")));
      socket.write(messages[index % messages.length] ?? "");
    }
  });
}

interface Driven {
  /** Of each answer. */
  readonly latencies: readonly number[];
  readonly statuses: Readonly<Record<number, number>>;
}

/** Sends until the plan is fulfilled. */
async function drive(plan: LoadPlan, script: Script, connections: Connections): Promise<Driven> {
  const latencies: number[] = [];
  const statuses: Record<number, number> = {};
  const start = performance.now();
  let sent = 0;
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve, reject) => {
    const hasMore = () => sent < plan.requests;
    const nextDue = () => (plan.rate === null ? performance.now() : start + (sent / plan.rate) * 1000);
    const send = (connection: Connection, due: number) => {
      connection.due = due;
      script.send(connection, sent++);
    };
    /** In the open loop a request falls due by the clock; one that finds no idle connection waits, and its wait counts. */
    const sendDue = () => {
      for (const connection of connections.all) {
        const due = nextDue();
        if (due > performance.now() || !hasMore()) return;
        if (connection.due === null) send(connection, due);
      }
    };
    connections.receive = (connection, bytes) => {
      if (connection.due === null) return;
      const answer = connection.reader.read(bytes);
      if (answer === null) return;
      if (plan.expect !== null && answer.status !== plan.expect) {
        return reject(new Error(`answered ${answer.status}, not ${plan.expect}`));
      }
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
      script.answered?.(connection, answer);
      latencies.push(performance.now() - connection.due);
      connection.due = null;
      if (hasMore()) plan.rate === null ? send(connection, nextDue()) : sendDue();
      else if (latencies.length === sent) resolve();
    };
    for (const connection of connections.all) {
      connection.reader = script.reader();
      connection.socket.on("error", reject);
      connection.socket.on("close", () => reject(new Error("connection closed")));
    }
    sendDue();
    if (plan.rate !== null) timer = setInterval(sendDue, 1);
  }).finally(() => clearInterval(timer));
  return { latencies, statuses };
}

const answer = (reply: LoadReply): void => void process.send?.(reply);

function scriptOf({ send }: LoadPlan): Script {
  switch (send.kind) {
    case "list":
      return listScript(send);
    case "frames":
      return framesScript(send);
    case "refresh":
      return new RefreshScript(send);
    default:
      return send satisfies never;
  }
}

async function run(plan: LoadPlan): Promise<LoadResult> {
  const connections = new Connections();
  const script = scriptOf(plan);
  try {
    await connections.open(plan);
    if (plan.opening) await begin(connections, plan.opening);
    const told = once(process, "message");
    answer({ kind: "ready" });
    await told;
    const start = performance.now();
    const { latencies, statuses } = await drive(plan, script, connections);
    const { tokens, renewed } = script instanceof RefreshScript ? script : { tokens: [], renewed: 0 };
    return {
      answers: latencies.length,
      milliseconds: performance.now() - start,
      statuses,
      latency: { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), max: quantile(latencies, 1) },
      tokens,
      renewed,
    };
  } finally {
    connections.destroy();
  }
}

process.on("message", async (message: LoadPlan | typeof GO) => {
  if (message === GO) return;
  await run(message).then(
    (result) => answer({ kind: "done", result }),
    (error: unknown) => answer({ kind: "failed", why: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit());
