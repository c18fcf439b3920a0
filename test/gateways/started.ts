let count = 0;

/** A gateway or a store of the project's kind has been started. */
export function countStarted(): void {
  count += 1;
}

/** How many since it was asked last. */
export function takeStarted(): number {
  const taken = count;
  count = 0;
  return taken;
}
