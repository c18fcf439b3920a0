// The load generator, a process of its own: takes plans over IPC, one at a time. Raw sockets, because an HTTP client
// would cost as much as the gateways it measures.
import { connect, type Socket } from "node:net";
import { httpRequest, type LoadPlan, type LoadReply, type LoadResult } from "./load-plan.ts";
import { type Answer, ResponseReader } from "./response-reader.ts";
import { quantile } from "./statistics.ts";

interface Connection {
  readonly socket: Socket;
  readonly reader: ResponseReader;
  /** When the request under way was due, by performance.now(); null while idle. */
  due: number | null;
  /** Which of the refresh tokens it sent. */
  token: number;
}

/** What to send next, and what an answer changes. */
interface Script {
  next(connection: Connection, sent: number): string;
  answered(connection: Connection, answer: Answer): void;
}

function listScript(messages: readonly string[]): Script {
  return { next: (_connection, sent) => messages[sent % messages.length] ?? "", answered() {} };
}

class RefreshScript implements Script {
  readonly tokens: string[];
  renewed = 0;

  constructor(tokens: readonly string[]) {
    this.tokens = [...tokens];
  }

  next(connection: Connection, sent: number): string {
    connection.token = sent % this.tokens.length;
    return httpRequest("POST", "/auth/refresh", {}, JSON.stringify({ refresh_token: this.tokens[connection.token] }));
  }

  answered({ token }: Connection, { body }: Answer): void {
    const { refresh_token } = JSON.parse(body.toString());
    if (refresh_token !== this.tokens[token]) this.renewed++;
    this.tokens[token] = refresh_token;
  }
}

const open = (port: number): Promise<Connection> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () =>
      resolve({ socket, reader: new ResponseReader(), due: null, token: 0 }),
    );
    socket.once("error", reject);
  });

interface Driven {
  /** Of each answer. */
  readonly latencies: readonly number[];
  readonly statuses: Readonly<Record<number, number>>;
}

/** Sends until the plan is fulfilled. */
async function drive(plan: LoadPlan, script: Script, connections: readonly Connection[]): Promise<Driven> {
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
      connection.socket.write(script.next(connection, sent++));
    };
    /** In the open loop a request falls due by the clock; one that finds no idle connection waits, and its wait counts. */
    const sendDue = () => {
      for (const connection of connections) {
        const due = nextDue();
        if (due > performance.now() || !hasMore()) return;
        if (connection.due === null) send(connection, due);
      }
    };
    const receive = (connection: Connection, chunk: Buffer) => {
      const answer = connection.reader.push(chunk);
      if (answer === null || connection.due === null) return;
      if (plan.expect !== null && answer.status !== plan.expect) {
        return reject(new Error(`answered ${answer.status}, not ${plan.expect}`));
      }
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
      script.answered(connection, answer);
      latencies.push(performance.now() - connection.due);
      connection.due = null;
      if (hasMore()) plan.rate === null ? send(connection, nextDue()) : sendDue();
      else if (connections.every((other) => other.due === null)) resolve();
    };
    for (const connection of connections) {
      connection.socket.on("data", (chunk) => receive(connection, chunk));
      connection.socket.on("error", reject);
      connection.socket.on("close", () => reject(new Error("connection closed")));
    }
    sendDue();
    if (plan.rate !== null) timer = setInterval(sendDue, 1);
  }).finally(() => clearInterval(timer));
  return { latencies, statuses };
}

async function run(plan: LoadPlan): Promise<LoadResult> {
  const connections = await Promise.all(
    Array.from({ length: plan.connections }, (_, index) => open(plan.ports[index % plan.ports.length] ?? 0)),
  );
  const refresh = new RefreshScript(plan.send.kind === "refresh" ? plan.send.tokens : []);
  const script = plan.send.kind === "list" ? listScript(plan.send.messages) : refresh;
  const start = performance.now();
  try {
    const { latencies, statuses } = await drive(plan, script, connections);
    return {
      answers: latencies.length,
      milliseconds: performance.now() - start,
      statuses,
      latency: { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), max: quantile(latencies, 1) },
      tokens: refresh.tokens,
      renewed: refresh.renewed,
    };
  } finally {
    for (const { socket } of connections) socket.removeAllListeners("close").destroy();
  }
}

process.on("message", async (plan: LoadPlan) => {
  const reply: LoadReply = await run(plan).then(
    (result) => ({ ok: true, result }),
    (error: unknown) => ({ ok: false, why: error instanceof Error ? error.message : String(error) }),
  );
  process.send?.(reply);
});
process.on("disconnect", () => process.exit());
