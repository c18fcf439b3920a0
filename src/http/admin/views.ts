import type { Client, User } from "../../accounts/records.ts";
import type { StoredKey } from "../../keys/stored-key.ts";
import type { Session } from "../../sessions/session.ts";
import type { AuditRecord, NodeReceipt } from "../../stores/records.ts";
import type { AuditView, ClientView, KeyView, NodeView, SessionView, UserView } from "./administration.ts";

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

export const userView = (user: User): UserView => ({
  id: user.id,
  username: user.username,
  roles: user.roles,
  disabled: user.disabled,
  password: user.passwordHash !== null,
  createdAt: iso(user.createdAt),
});

export const sessionView = (session: Session): SessionView => ({
  id: session.sid,
  user: session.sub,
  client: session.clientId,
  channel: session.channel,
  createdAt: iso(session.createdAt),
  lastUsedAt: iso(session.lastUsedAt),
  idleEndsAt: iso(session.idleEndsAt),
  absoluteEndsAt: iso(session.absoluteEndsAt),
  address: session.address,
  userAgent: session.userAgent,
});

export const clientView = (client: Client): ClientView => ({
  id: client.id,
  name: client.name,
  scopes: client.scopes,
  source: "store",
  createdAt: iso(client.createdAt),
});

export const auditView = (record: AuditRecord): AuditView => ({ ...record, at: iso(record.at) });

export const nodeView = (receipt: NodeReceipt): NodeView => ({
  node: receipt.node,
  version: receipt.version,
  config: receipt.config,
  startedAt: iso(receipt.startedAt),
  seenAt: iso(receipt.at),
});

/** `now` by the store's clock. Of several keys that could sign, the newest does. */
export function keyViews(keys: readonly StoredKey[], now: number): readonly KeyView[] {
  const usable = keys.filter((key) => key.revokedAt === null && key.signsFrom <= now && now < key.signsUntil);
  const signing = usable.toSorted((a, b) => b.signsFrom - a.signsFrom)[0]?.kid;
  return keys.map((key) => ({
    kid: key.kid,
    alg: key.alg,
    state: keyState(key, now, signing),
    createdAt: iso(key.createdAt),
    signsFrom: iso(key.signsFrom),
    signsUntil: iso(key.signsUntil),
    removeAt: iso(key.removeAt),
  }));
}

function keyState(key: StoredKey, now: number, signing: string | undefined): KeyView["state"] {
  if (key.revokedAt !== null) return "revoked";
  if (key.kid === signing) return "signing";
  return now < key.signsFrom ? "waiting" : "verifying";
}
