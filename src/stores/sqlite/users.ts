import type { User } from "../../accounts/records.ts";
import type { OperationInput, OperationOutput } from "../operations.ts";
import type { AuditKind } from "../records.ts";
import type { Origin } from "../store.ts";
import { record } from "./audit.ts";
import { first, text, textOrNull } from "./database.ts";
import { endAllOfUserNow, endOne, userBeforeNow } from "./endings.ts";
import { publish } from "./feed.ts";
import { moveUserNotBefore } from "./not-before.ts";
import { liveRow, liveRows } from "./session-rows.ts";
import type { Step } from "./step.ts";
import { userById, userOf, userRow } from "./user-rows.ts";

export function createUser(step: Step, input: OperationInput<"createUser">): OperationOutput<"createUser"> {
  const { user, origin } = input;
  const taken = first(step.db.all("SELECT * FROM users WHERE username_key = ?", user.usernameKey));
  if (taken !== null) {
    // The same user again is a caller whose first reply was lost.
    return text(taken, "id") === user.id ? { ok: true, user: userOf(taken) } : { ok: false, reason: "conflict" };
  }
  step.db.all(
    `INSERT INTO users (id, username, username_key, password_hash, roles, disabled, created_at, sessions_not_before,
       tokens_not_before) VALUES (?, ?, ?, ?, ?, 0, ?, 0, 0)`,
    user.id,
    user.username,
    user.usernameKey,
    user.passwordHash,
    JSON.stringify(user.roles),
    step.now,
  );
  const kind = origin.actor === user.id ? "registered" : "user_created";
  tell(step, kind, user.id, origin, { username: user.username });
  return { ok: true, user: { ...user, disabled: false, createdAt: step.now, notBefore: 0 } };
}

export function setPassword(step: Step, input: OperationInput<"setPassword">): OperationOutput<"setPassword"> {
  const user = userRow(step, input.sub);
  if (user === null) return { ok: false, sessions: 0 };
  if (input.expected !== null && textOrNull(user, "password_hash") !== input.expected)
    return { ok: false, sessions: 0 };
  step.db.all("UPDATE users SET password_hash = ? WHERE id = ?", input.passwordHash, input.sub);
  // The same password under other parameters is no event.
  const rehash = input.expected !== null && !input.endSessions;
  if (!rehash) tell(step, "password_changed", input.sub, input.origin, {});
  if (!input.endSessions) return { ok: true, sessions: 0 };
  if (input.keep === null || liveRow(step, input.sub, input.keep) === null) {
    return { ok: true, sessions: endAllOfUserNow(step, user) };
  }
  // A not-before would end the one that is kept: each of the others ends by itself.
  const others = liveRows(step, input.sub).filter((row) => text(row, "sid") !== input.keep);
  for (const row of others) {
    endOne(step, { sub: input.sub, sid: text(row, "sid") }, "password_changed", input.origin);
  }
  return { ok: true, sessions: others.length };
}

export function setRoles(step: Step, input: OperationInput<"setRoles">): User | null {
  const user = userRow(step, input.sub);
  if (user === null) return null;
  const roles = JSON.stringify(input.roles);
  if (text(user, "roles") === roles) return userOf(user);
  step.db.all("UPDATE users SET roles = ? WHERE id = ?", roles, input.sub);
  const before = userBeforeNow(step, user);
  moveUserNotBefore(step, input.sub, before, false);
  publish(step, { kind: "user", sub: input.sub, before });
  tell(step, "roles_changed", input.sub, input.origin, { roles: input.roles.join(" ") });
  return userById(step, input);
}

export function setDisabled(step: Step, input: OperationInput<"setDisabled">): OperationOutput<"setDisabled"> {
  const user = userRow(step, input.sub);
  if (user === null) return null;
  // Counted before the flag is set: the sessions of a disabled user are not live.
  const sessions = input.disabled ? endAllOfUserNow(step, user) : 0;
  step.db.all("UPDATE users SET disabled = ? WHERE id = ?", input.disabled ? 1 : 0, input.sub);
  if (input.disabled) tell(step, "user_disabled", input.sub, input.origin, { sessions });
  else if (userOf(user).disabled) tell(step, "user_enabled", input.sub, input.origin, {});
  const changed = userById(step, input);
  return changed === null ? null : { user: changed, sessions };
}

export function deleteUser(step: Step, input: OperationInput<"deleteUser">): OperationOutput<"deleteUser"> {
  const user = userRow(step, input.sub);
  if (user === null) return null;
  const sessions = endAllOfUserNow(step, user);
  step.db.all("DELETE FROM users WHERE id = ?", input.sub);
  tell(step, "user_deleted", input.sub, input.origin, { username: text(user, "username"), sessions });
  return { sessions };
}

function tell(
  step: Step,
  kind: AuditKind,
  sub: string,
  origin: Origin,
  detail: Readonly<Record<string, string | number | boolean>>,
): void {
  record(step, { kind, actor: origin.actor, sub, sid: null, address: origin.address, detail });
}
