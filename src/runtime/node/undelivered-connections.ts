import type { ChildProcess } from "node:child_process";
import { isJsonObject } from "../../lib/json-object.ts";

interface Handle {
  close(): void;
}

const isHandle = (value: unknown): value is Handle =>
  typeof value === "object" && value !== null && "close" in value && typeof value.close === "function";

/**
 * Closes the connections that were on their way to a worker when it ended. Node's cluster keeps them open in the first process until
 * the worker says that it has them, and forgets them where it never will: their clients would wait for ever. Nothing public tells of
 * them; where Node names its messages otherwise one day, all is as it is without this.
 */
export function closeUndelivered(worker: ChildProcess): void {
  const onTheirWay = new Map<unknown, Handle>();
  const { send } = worker;
  Reflect.set(worker, "send", (message: unknown, handle: unknown, ...rest: unknown[]): boolean => {
    if (isJsonObject(message) && message.act === "newconn" && isHandle(handle)) onTheirWay.set(message.seq, handle);
    return Reflect.apply(send, worker, [message, handle, ...rest]);
  });
  worker.on("internalMessage", (message: unknown) => {
    if (isJsonObject(message)) onTheirWay.delete(message.ack);
  });
  worker.once("exit", () => {
    for (const handle of onTheirWay.values()) handle.close();
    onTheirWay.clear();
  });
}
