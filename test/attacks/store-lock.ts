import { DatabaseSync } from "node:sqlite";

/** Runs `work` while another program holds the database's write lock, so that nothing can be written and all can be read. */
export async function whileLocked<T>(file: string, work: () => Promise<T>): Promise<T> {
  const holder = new DatabaseSync(file, { timeout: 10_000 });
  try {
    holder.exec("BEGIN IMMEDIATE");
    return await work();
  } finally {
    holder.close();
  }
}
