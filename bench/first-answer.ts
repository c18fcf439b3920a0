import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { ResponseReader } from "./response-reader.ts";

const RETRY = 2;
const PATIENCE = 30_000;

export interface FirstAnswer {
  /** Milliseconds from the call until somebody took the connection. */
  readonly connected: number;
  /** Milliseconds from then until the request on it was answered with 200. */
  readonly answered: number;
}

/** Connects as soon as somebody listens, and sends one request. Throws where its answer is not 200. */
export async function firstAnswer(port: number, message: string): Promise<FirstAnswer> {
  const began = performance.now();
  while (performance.now() - began < PATIENCE) {
    const times = await attempt(port, message);
    if (times !== null) {
      return { connected: times.connectedAt - began, answered: times.answeredAt - times.connectedAt };
    }
    await setTimeout(RETRY);
  }
  throw new Error(`nobody listens on ${port}`);
}

interface Times {
  readonly connectedAt: number;
  readonly answeredAt: number;
}

/** Null where nobody listens. */
const attempt = (port: number, message: string): Promise<Times | null> =>
  new Promise((resolve, reject) => {
    const reader = new ResponseReader(false);
    let connectedAt: number | null = null;
    const socket = connect(port, "127.0.0.1", () => {
      connectedAt = performance.now();
      socket.write(message);
    });
    socket.on("error", (error) => (connectedAt === null ? resolve(null) : reject(error)));
    socket.on("close", () => reject(new Error("connection closed")));
    socket.on("data", (chunk) => {
      const answer = reader.read(chunk);
      if (answer === null || connectedAt === null) return;
      if (answer.status === 200) resolve({ connectedAt, answeredAt: performance.now() });
      else reject(new Error(`answered ${answer.status}, not 200`));
      socket.destroy();
    });
  });
