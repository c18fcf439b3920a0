import type { Client } from "../../accounts/records.ts";
import type { OperationInput } from "../operations.ts";
import type { AuditKind } from "../records.ts";
import type { Origin } from "../store.ts";
import { record } from "./audit.ts";
import { first, integer, type Row, text, texts } from "./database.ts";
import { publish } from "./feed.ts";
import { beforeNow, clientNotBefore, issueTime, moveClientNotBefore } from "./not-before.ts";
import type { Step } from "./step.ts";

export function createClient(step: Step, input: OperationInput<"createClient">): Client {
  const { client, origin } = input;
  const rows = step.db.all(
    `INSERT INTO clients (id, name, secret_hash, scopes, created_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (id) DO NOTHING RETURNING *`,
    client.id,
    client.name,
    client.secretHash,
    JSON.stringify(client.scopes),
    step.now,
  );
  const made = rows[0];
  if (made === undefined) return clientById(step, { clientId: client.id }) ?? { ...client, createdAt: step.now };
  tell(step, "client_created", client.id, origin);
  return clientOf(made);
}

export function clientById(step: Step, input: { readonly clientId: string }): Client | null {
  const row = first(step.db.all("SELECT * FROM clients WHERE id = ?", input.clientId));
  return row === null ? null : clientOf(row);
}

export function listClients(step: Step): readonly Client[] {
  return step.db.all("SELECT * FROM clients ORDER BY name, id").map(clientOf);
}

export function rotateClientSecret(step: Step, input: OperationInput<"rotateClientSecret">): boolean {
  const changed = step.db.all(
    "UPDATE clients SET secret_hash = ? WHERE id = ? RETURNING id",
    input.secretHash,
    input.clientId,
  );
  if (changed.length === 0) return false;
  tell(step, "client_rotated", input.clientId, input.origin);
  return true;
}

export function removeClient(step: Step, input: OperationInput<"removeClient">): boolean {
  const { clientId } = input;
  const removed = step.db.all("DELETE FROM clients WHERE id = ? RETURNING id", clientId);
  if (removed.length === 0) return false;
  const before = beforeNow(step, Math.max(step.tokensNotBefore, clientNotBefore(step, clientId)));
  moveClientNotBefore(step, clientId, before);
  publish(step, { kind: "client", clientId, before });
  tell(step, "client_removed", clientId, input.origin);
  return true;
}

export function clientIssueTime(step: Step, input: { readonly clientId: string }): number {
  return issueTime(step, null, input.clientId);
}

function tell(step: Step, kind: AuditKind, clientId: string, origin: Origin): void {
  record(step, { kind, actor: origin.actor, sub: null, sid: null, address: origin.address, detail: { clientId } });
}

function clientOf(row: Row): Client {
  return {
    id: text(row, "id"),
    name: text(row, "name"),
    secretHash: text(row, "secret_hash"),
    scopes: texts(row, "scopes"),
    createdAt: integer(row, "created_at"),
  };
}
