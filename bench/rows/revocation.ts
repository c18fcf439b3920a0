import { setTimeout } from "node:timers/promises";
import { Client } from "undici";
import type { Ground } from "../contender.ts";
import { apiRequest } from "../load-plan.ts";
import { sendLoad } from "../measure.ts";
import { type Login, logIn, logOut, makeMany } from "../postern-client.ts";
import { type PosternPair, startPair } from "../postern-pair.ts";
import type { Running } from "../processes.ts";
import { quantile } from "../statistics.ts";

export interface RevocationLatency {
  readonly count: number;
  /** Requests a second that the refusing gateway served meanwhile. */
  readonly rate: number;
  /** Milliseconds from the logout's answer to the first refusal's, which includes that request's own time. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Logs sessions out at one gateway, and asks the other with the same token until it refuses, while it serves an open-loop load. */
export async function revocationLatency(
  ground: Ground,
  generator: Running,
  { count, rate }: { readonly count: number; readonly rate: number },
): Promise<RevocationLatency> {
  const pair = await startPair(ground);
  try {
    const logIns = (wanted: number) =>
      makeMany(wanted, 2, (index) => logIn(pair.other.port, pair.accounts[index % pair.accounts.length] ?? fail()));
    const [caller, ...logins] = await logIns(count + 1);
    if (!caller) throw new Error("nobody logged in");
    const load = { port: pair.measured.port, connections: 32, rate, expect: 200 };
    const send = { kind: "list", messages: [apiRequest(caller.access)] } as const;
    await sendLoad(generator, { ...load, requests: rate, send });
    // Long enough for every logout to be seen at the embedded store's bound of 100 ms.
    const [latencies] = await Promise.all([
      measureEach(pair, logins),
      sendLoad(generator, { ...load, requests: rate * count * 0.11, send }),
    ]);
    const [p50 = 0, p99 = 0, max = 0] = [0.5, 0.99, 1].map((q) => quantile(latencies, q));
    return { count, rate, p50, p99, max };
  } finally {
    await pair.stop();
  }
}

async function measureEach({ measured, other }: PosternPair, logins: readonly Login[]): Promise<number[]> {
  const client = new Client(`http://127.0.0.1:${measured.port}`);
  const ask = async (token: string): Promise<number> => {
    const headers = { authorization: `Bearer ${token}` };
    const { statusCode, body } = await client.request({ method: "GET", path: "/api/orders/42", headers });
    await body.dump();
    return statusCode;
  };
  const latencies: number[] = [];
  for (const { access } of logins) {
    if ((await ask(access)) !== 200) throw new Error("a fresh token was refused");
    await logOut(other.port, access);
    const acknowledged = performance.now();
    while ((await ask(access)) === 200) await setTimeout(1);
    latencies.push(performance.now() - acknowledged);
  }
  await client.close();
  return latencies;
}

const fail = (): never => {
  throw new Error("no accounts");
};

export const revocationTable = ({ count, rate, p50, p99, max }: RevocationLatency): string =>
  [
    "### Revocation, from acknowledgement to refusal",
    "",
    `${count} sessions logged out at one gateway, each asked for at another on the same SQLite file until it refuses, while that one serves ${Math.round(rate).toLocaleString("en-GB")} requests a second. The embedded store promises 100 ms.`,
    "",
    "| p50 ms | p99 ms | slowest ms |",
    "| --- | --- | --- |",
    `| ${[p50, p99, max].map((value) => value.toFixed(1)).join(" | ")} |`,
    "",
  ].join("\n");
