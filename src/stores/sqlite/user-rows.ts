import type { User } from "../../accounts/records.ts";
import { first, integer, type Row, text, textOrNull, texts } from "./database.ts";
import type { Step } from "./step.ts";

export function userRow(step: Step, sub: string): Row | null {
  return first(step.db.all("SELECT * FROM users WHERE id = ?", sub));
}

export function userOf(row: Row): User {
  return {
    id: text(row, "id"),
    username: text(row, "username"),
    usernameKey: text(row, "username_key"),
    passwordHash: textOrNull(row, "password_hash"),
    roles: texts(row, "roles"),
    disabled: integer(row, "disabled") !== 0,
    createdAt: integer(row, "created_at"),
    notBefore: integer(row, "sessions_not_before"),
  };
}

export function userById(step: Step, input: { readonly sub: string }): User | null {
  const row = userRow(step, input.sub);
  return row === null ? null : userOf(row);
}

export function userByName(step: Step, input: { readonly usernameKey: string }): User | null {
  const row = first(step.db.all("SELECT * FROM users WHERE username_key = ?", input.usernameKey));
  return row === null ? null : userOf(row);
}

export function listUsers(
  step: Step,
  input: { readonly after: string | null; readonly limit: number },
): readonly User[] {
  const rows = step.db.all(
    "SELECT * FROM users WHERE username_key > ? ORDER BY username_key LIMIT ?",
    input.after ?? "",
    input.limit,
  );
  return rows.map(userOf);
}
