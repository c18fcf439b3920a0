import { setTimeout } from "node:timers/promises";
import { Client } from "undici";
import { logOut } from "./postern-client.ts";
import { quantile } from "./statistics.ts";

export interface RefusalLatency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

interface Port {
  readonly port: number;
}

/**
 * Logs the sessions out at one gateway, one every so many milliseconds, and asks every refuser with the same token, without a pause,
 * until it refuses. Milliseconds from the logout's answer to the last refuser's first refusal, which includes that request's own time.
 */
export async function refusalLatency(
  taker: Port,
  refusers: readonly Port[],
  tokens: readonly string[],
  every: number,
): Promise<RefusalLatency> {
  const clients = refusers.map(({ port }) => new Client(`http://127.0.0.1:${port}`));
  const latencies: number[] = [];
  for (const token of tokens) {
    const next = performance.now() + every;
    const statuses = await Promise.all(clients.map((client) => ask(client, token)));
    if (statuses.some((status) => status !== 200)) throw new Error(`a fresh token was answered ${statuses}`);
    await logOut(taker.port, token);
    const acknowledged = performance.now();
    await Promise.all(clients.map((client) => untilRefused(client, token)));
    latencies.push(performance.now() - acknowledged);
    await setTimeout(Math.max(0, next - performance.now()));
  }
  for (const client of clients) await client.close();
  const [p50 = 0, p99 = 0, max = 0] = [0.5, 0.99, 1].map((q) => quantile(latencies, q));
  return { p50, p99, max };
}

async function untilRefused(client: Client, token: string): Promise<void> {
  while ((await ask(client, token)) === 200);
}

async function ask(client: Client, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const { statusCode, body } = await client.request({ method: "GET", path: "/api/orders/42", headers });
  await body.dump();
  return statusCode;
}

export const latencyCells = ({ p50, p99, max }: RefusalLatency): string =>
  [p50, p99, max].map((value) => value.toFixed(1)).join(" | ");

/** The latencies as a table of their own. */
export const latencyTable = (title: string, note: string, latency: RefusalLatency): string =>
  [
    `### ${title}`,
    "",
    note,
    "",
    "| p50 ms | p99 ms | slowest ms |",
    "| --- | --- | --- |",
    `| ${latencyCells(latency)} |`,
    "",
  ].join("\n");
