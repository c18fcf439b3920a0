import { DEFAULT_ACCESS_TTL, LAST_ISSUE, RECEIPT_LIFE } from "../lifetimes.ts";
import type { NodeReceipt } from "../records.ts";
import { first, integer, integerOrNull, type Row, text, textOrNull, texts } from "./database.ts";
import type { Step } from "./step.ts";

export function announce(
  step: Step,
  input: { readonly receipt: Omit<NodeReceipt, "at">; readonly accessTtl: number },
): void {
  const { node, startedAt, cursor, version, config } = input.receipt;
  step.db.all(
    `INSERT INTO nodes (node, started_at, at, cursor, version, config) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (node) DO UPDATE SET started_at = excluded.started_at, at = excluded.at, cursor = excluded.cursor,
       version = excluded.version, config = excluded.config`,
    node,
    startedAt,
    step.now,
    JSON.stringify(cursor),
    version,
    config,
  );
  step.db.all(
    `INSERT INTO access_lifetimes (ttl, announced_at) VALUES (?, ?)
     ON CONFLICT (ttl) DO UPDATE SET announced_at = excluded.announced_at`,
    input.accessTtl,
    step.now,
  );
}

/** The longest lifetime (ms) that an access token which is still alive may have: a lowered one counts until its tokens have run out. */
export function longestLifetime(step: Step): number {
  const row = first(
    step.db.all(
      "SELECT max(ttl) AS longest FROM access_lifetimes WHERE announced_at + ttl + ? > ?",
      LAST_ISSUE,
      step.now,
    ),
  );
  return integerOrNull(row ?? { longest: null }, "longest") ?? DEFAULT_ACCESS_TTL;
}

export function nodes(step: Step): { readonly nodes: readonly NodeReceipt[]; readonly now: number } {
  const rows = step.db.all("SELECT * FROM nodes WHERE at > ? ORDER BY node", step.now - RECEIPT_LIFE);
  return { nodes: rows.map(receiptOf), now: step.now };
}

export function retire(step: Step, input: { readonly node: string }): void {
  step.db.all("DELETE FROM nodes WHERE node = ?", input.node);
}

/** Forgets gateways that are gone and lifetimes whose tokens have all run out; there are never many. */
export function sweepNodes(step: Step): void {
  step.db.all("DELETE FROM nodes WHERE at <= ?", step.now - RECEIPT_LIFE);
  step.db.all("DELETE FROM access_lifetimes WHERE announced_at + ttl + ? <= ?", LAST_ISSUE, step.now);
}

function receiptOf(row: Row): NodeReceipt {
  return {
    node: text(row, "node"),
    startedAt: integer(row, "started_at"),
    at: integer(row, "at"),
    cursor: texts(row, "cursor"),
    version: text(row, "version"),
    config: textOrNull(row, "config"),
  };
}
