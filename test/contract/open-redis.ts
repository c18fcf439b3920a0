import { openStore } from "../../src/runtime/node/open-store.ts";
import type { TestStore } from "./subject.ts";

/** The store on Redis at `url`, whose clock the test moves. */
export async function openRedis(url: string, timeout = 10_000): Promise<TestStore> {
  const clockOffset = new BigInt64Array(new SharedArrayBuffer(8));
  const store = await openStore({ kind: "redis", url }, { timeout, clockOffset });
  return {
    store,
    advance: (milliseconds) => {
      Atomics.add(clockOffset, 0, BigInt(milliseconds));
    },
    close: () => store.close(),
  };
}
