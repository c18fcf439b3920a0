import { join } from "node:path";
import { openStore } from "../../src/runtime/node/open-store.ts";
import { tempDir } from "../support/temp-dir.ts";
import type { TestStore } from "./subject.ts";

/** An embedded store in a file, its thread and all, whose clock the test moves. `file`: default one in a fresh folder. */
export async function openSqlite(file?: string, timeout = 10_000): Promise<TestStore & { readonly file: string }> {
  const path = file ?? join(await tempDir(), "postern.db");
  const clockOffset = new BigInt64Array(new SharedArrayBuffer(8));
  const store = await openStore({ kind: "sqlite", file: path }, { timeout, clockOffset });
  return {
    store,
    file: path,
    advance: (milliseconds) => {
      Atomics.add(clockOffset, 0, BigInt(milliseconds));
    },
    close: () => store.close(),
  };
}
