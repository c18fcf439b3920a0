import { first, integer, type Row } from "./database.ts";
import type { Step } from "./step.ts";

/**
 * A time of issue for an access token: later than every not-before that would refuse it. One that runs ahead of the clock
 * moves the clock, so that a revocation in the same millisecond, which names the time of its step, still covers the token.
 */
export function issueTime(step: Step, user: Row | null, clientId: string): number {
  const notBefore = Math.max(step.tokensNotBefore, userNotBefore(user), clientNotBefore(step, clientId));
  if (notBefore < step.now) return step.now;
  step.db.all("UPDATE store SET clock = max(clock, ?) WHERE one = 1", notBefore + 1);
  return notBefore + 1;
}

export const userNotBefore = (user: Row | null): number => (user === null ? 0 : integer(user, "tokens_not_before"));

export function clientNotBefore(step: Step, clientId: string): number {
  const row = first(step.db.all("SELECT tokens_not_before FROM client_not_befores WHERE client_id = ?", clientId));
  return row === null ? 0 : integer(row, "tokens_not_before");
}

/** The `before` of a revocation as of now: it covers every token that `issueTime` has made above `notBefore`, too. */
export const beforeNow = (step: Step, notBefore: number): number => Math.max(step.now, notBefore + 1);

/** Moves the not-before of a user's access tokens; with `sessions` that of the user's sessions too. It never goes back. */
export function moveUserNotBefore(step: Step, sub: string, before: number, sessions: boolean): void {
  step.db.all("UPDATE users SET tokens_not_before = max(tokens_not_before, ?) WHERE id = ?", before, sub);
  if (sessions)
    step.db.all("UPDATE users SET sessions_not_before = max(sessions_not_before, ?) WHERE id = ?", before, sub);
}

export function moveClientNotBefore(step: Step, clientId: string, before: number): void {
  step.db.all(
    `INSERT INTO client_not_befores (client_id, tokens_not_before) VALUES (?, ?)
     ON CONFLICT (client_id) DO UPDATE SET tokens_not_before = max(tokens_not_before, excluded.tokens_not_before)`,
    clientId,
    before,
  );
}
