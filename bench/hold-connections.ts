// Holds keep-alive connections that are idle, in a process of its own: takes over IPC where they go, and answers how many were lost since.
import { connect, type Socket } from "node:net";
import { ResponseReader } from "./response-reader.ts";

export interface HoldPlan {
  readonly port: number;
  readonly count: number;
  /** What is sent on each, so that it has been used and none is closed for having waited for too long. */
  readonly message: string;
}

export type HoldReply =
  /** How many that were open at the last plan had been closed by the other side. */
  { readonly ok: true; readonly lost: number } | { readonly ok: false; readonly why: string };

/** Under way at once: fewer than a listener's queue takes. */
const ABREAST = 100;

const held = new Set<Socket>();
let lost = 0;

const open = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => {
      held.add(socket);
      resolve(socket);
    });
    socket.on("error", reject);
    socket.on("close", () => {
      if (held.delete(socket)) lost++;
    });
  });

const ask = (socket: Socket, message: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const reader = new ResponseReader(false);
    const closed = () => reject(new Error("connection closed"));
    const receive = (chunk: Buffer) => {
      const answer = reader.read(chunk);
      if (answer === null) return;
      socket.off("data", receive).off("close", closed);
      if (answer.status === 200) resolve();
      else reject(new Error(`answered ${answer.status}`));
    };
    socket.on("data", receive).on("close", closed).write(message);
  });

async function hold({ port, count, message }: HoldPlan): Promise<number> {
  const lostSince = lost;
  const waiting = [...held];
  let missing = count - waiting.length;
  const work = async () => {
    while (missing > 0 || waiting.length > 0) {
      const socket = waiting.pop() ?? (missing-- > 0 ? await open(port) : null);
      if (socket !== null) await ask(socket, message);
    }
  };
  await Promise.all(Array.from({ length: ABREAST }, work));
  lost = 0;
  return lostSince;
}

process.on("message", async (plan: HoldPlan) => {
  const reply: HoldReply = await hold(plan).then(
    (count) => ({ ok: true, lost: count }),
    (error: unknown) => ({ ok: false, why: error instanceof Error ? error.message : String(error) }),
  );
  process.send?.(reply);
});
process.on("disconnect", () => process.exit());
