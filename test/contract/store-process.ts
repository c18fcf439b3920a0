import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { storeOver } from "../../src/stores/operations.ts";
import type { Store } from "../../src/stores/store.ts";

/** A store in a process of its own. */
export interface StoreProcess {
  /** Its calls are answered by the process; those under way when it dies reject. */
  readonly store: Store;
  /** kill -9. */
  kill(): Promise<void>;
}

type Answer = "ready" | { readonly id: number; readonly output?: unknown; readonly error?: string };

export async function startStoreProcess(file: string): Promise<StoreProcess> {
  const path = fileURLToPath(new URL("children/store-child.ts", import.meta.url));
  const child = fork(path, [file], { execArgv: [], serialization: "advanced" });
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  onTestFinished(kill);
  const store = callsOver(child, kill);
  await new Promise<void>((resolve, reject) => {
    child.once("message", () => resolve());
    child.once("exit", (code) => reject(new Error(`the store's process ended with ${code}`)));
  });
  return { store, kill };
}

function callsOver(child: ChildProcess, close: () => Promise<void>): Store {
  const pending = new Map<number, { resolve: (output: never) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  child.on("message", (answer: Answer) => {
    if (answer === "ready") return;
    const call = pending.get(answer.id);
    pending.delete(answer.id);
    if (answer.error === undefined) call?.resolve(answer.output as never);
    else call?.reject(new Error(answer.error));
  });
  child.on("exit", () => {
    for (const { reject } of pending.values()) reject(new Error("the store's process has ended"));
    pending.clear();
  });
  return storeOver(
    (operation, input) =>
      new Promise((resolve, reject) => {
        lastId += 1;
        pending.set(lastId, { resolve, reject });
        child.send({ id: lastId, operation, input });
      }),
    close,
  );
}
