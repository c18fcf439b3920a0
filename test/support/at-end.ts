const tasks: (() => Promise<void>)[] = [];

/** Runs when the test file ends, the last registered first: what was started in a folder ends before the folder goes. */
export function atEnd(task: () => Promise<void>): void {
  tasks.push(task);
}

export async function tidyUp(): Promise<void> {
  const failures: unknown[] = [];
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    await task().catch((failure: unknown) => failures.push(failure));
  }
  if (failures.length > 0) throw new AggregateError(failures, "tidying up failed");
}
