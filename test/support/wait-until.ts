/**
 * Asks until `check` answers true; for what another process does without telling. Rejects after `patience` ms with `what`.
 * Asks every 10 ms, so it costs no more than what it waits for.
 */
export async function waitUntil(
  what: () => string,
  check: () => boolean | Promise<boolean>,
  patience = 60_000,
): Promise<void> {
  const end = performance.now() + patience;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`waited ${patience} ms: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
