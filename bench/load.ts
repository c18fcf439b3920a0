// The load generator, a process of its own: takes plans over IPC, one at a time. Raw sockets, because an HTTP client
// would cost as much as the gateways it measures.
import { connect, type Socket } from "node:net";
import { httpRequest, type LoadPlan, type LoadReply, type LoadResult } from "./load-plan.ts";
import { ResponseReader } from "./response-reader.ts";
import { quantile } from "./statistics.ts";

interface Connection {
  readonly socket: Socket;
  readonly reader: ResponseReader;
  /** When the request under way was due, by performance.now(); null while idle. */
  due: number | null;
  token: string | null;
}

const open = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => resolve(socket));
    socket.once("error", reject);
  });

function nextMessage(plan: LoadPlan, sent: number, connection: Connection): string {
  switch (plan.send.kind) {
    case "list":
      return plan.send.messages[sent % plan.send.messages.length] ?? "";
    case "refresh":
      return httpRequest("POST", plan.send.path, {}, JSON.stringify({ refresh_token: connection.token }));
  }
}

async function run(plan: LoadPlan): Promise<LoadResult> {
  const connections = await Promise.all(
    Array.from({ length: plan.connections }, async (_, index): Promise<Connection> => {
      const token = plan.send.kind === "refresh" ? (plan.send.tokens[index] ?? null) : null;
      return { socket: await open(plan.port), reader: new ResponseReader(), due: null, token };
    }),
  );
  const latencies: number[] = [];
  const start = performance.now();
  let sent = 0;
  let timer: NodeJS.Timeout | undefined;

  try {
    await new Promise<void>((resolve, reject) => {
      const hasMore = (now: number) => sent < plan.requests && now - start < plan.milliseconds;
      const send = (connection: Connection, due: number) => {
        connection.due = due;
        connection.socket.write(nextMessage(plan, sent++, connection));
      };
      /** Open loop: requests fall due by the clock; those that find no idle connection wait, and their wait counts. */
      const sendDue = () => {
        const now = performance.now();
        for (const connection of connections) {
          const due = start + (sent / (plan.rate ?? 1)) * 1000;
          if (due > now || !hasMore(due)) return;
          if (connection.due === null) send(connection, due);
        }
      };
      const answered = (connection: Connection, chunk: Buffer) => {
        const answer = connection.reader.push(chunk);
        if (answer === null || connection.due === null) return;
        if (answer.status !== plan.expect) return reject(new Error(`answered ${answer.status}, not ${plan.expect}`));
        const now = performance.now();
        latencies.push(now - connection.due);
        connection.due = null;
        if (plan.send.kind === "refresh") connection.token = JSON.parse(answer.body.toString()).refresh_token;
        if (plan.rate !== null) sendDue();
        else if (hasMore(now)) send(connection, now);
        const isOver = plan.rate === null || !hasMore(start + (sent / plan.rate) * 1000);
        if (isOver && connections.every(({ due }) => due === null)) resolve();
      };
      for (const connection of connections) {
        connection.socket.on("data", (chunk) => answered(connection, chunk));
        connection.socket.on("error", reject);
        connection.socket.on("close", () => reject(new Error("connection closed")));
        if (plan.rate === null && hasMore(start)) send(connection, start);
      }
      if (plan.rate !== null) timer = setInterval(sendDue, 1);
    });
  } finally {
    clearInterval(timer);
    for (const { socket } of connections) socket.removeAllListeners("close").destroy();
  }

  const milliseconds = performance.now() - start;
  const [p50, p99, max] = [0.5, 0.99, 1].map((q) => quantile(latencies, q));
  return {
    answers: latencies.length,
    milliseconds,
    latency: { p50: p50 ?? 0, p99: p99 ?? 0, max: max ?? 0 },
    tokens: connections.flatMap(({ token }) => token ?? []),
  };
}

process.on("message", async (plan: LoadPlan) => {
  const reply: LoadReply = await run(plan).then(
    (result) => ({ ok: true, result }),
    (error: unknown) => ({ ok: false, why: error instanceof Error ? error.message : String(error) }),
  );
  process.send?.(reply);
});
process.on("disconnect", () => process.exit());
