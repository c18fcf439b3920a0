import type { EndReason } from "../../sessions/end-reason.ts";
import type { Session } from "../../sessions/session.ts";
import type { OperationInput, OperationOutput } from "../operations.ts";
import type { SessionData } from "../store.ts";
import { record } from "./audit.ts";
import { integer, type Row, text, textOrNull } from "./database.ts";
import { endOne } from "./endings.ts";
import { feedEnd } from "./feed.ts";
import { issueTime } from "./not-before.ts";
import { excessSids, insertSession, liveRow, liveRows, rowOf, sessionOf } from "./session-rows.ts";
import type { Step } from "./step.ts";
import { userOf, userRow } from "./user-rows.ts";

export function createSession(step: Step, input: OperationInput<"createSession">): OperationOutput<"createSession"> {
  const row = userRow(step, input.session.sub);
  if (row === null) return { ok: false, reason: "no_such_user" };
  const user = userOf(row);
  if (user.disabled) return { ok: false, reason: "disabled" };
  if (input.expectedHash !== null && textOrNull(row, "password_hash") !== input.expectedHash) {
    return { ok: false, reason: "password_changed" };
  }
  const known = rowOf(step, user.id, input.session.sid);
  const { session, ended } = known === null ? begin(step, input, row) : { session: sessionOf(known), ended: [] };
  return { ok: true, user, session, issuedAt: issueTime(step, row, session.clientId), ended };
}

function begin(
  step: Step,
  input: OperationInput<"createSession">,
  user: Row,
): { readonly session: Session; readonly ended: readonly EndReason[] } {
  const { limits, origin, replace } = input;
  const ended: EndReason[] = [];
  const end = (name: { readonly sub: string; readonly sid: string }, reason: EndReason): void => {
    endOne(step, name, reason, origin);
    ended.push(reason);
  };
  if (replace !== null && liveRow(step, replace.sub, replace.sid) !== null) end(replace, "replaced");
  // Later than any not-before that would end it: those of sessions never move without those of tokens.
  const at = issueTime(step, user, input.session.clientId);
  const absoluteEndsAt = at + limits.absolute;
  const session: Session = {
    ...input.session,
    createdAt: at,
    authTime: at,
    generation: 0,
    rotatedAt: at,
    shown: false,
    lastUsedAt: at,
    idleEndsAt: Math.min(at + limits.idle, absoluteEndsAt),
    absoluteEndsAt,
  };
  for (const sid of excessSids(step, session.sub, Math.max(0, limits.maxPerUser - 1))) {
    end({ sub: session.sub, sid }, "too_many_sessions");
  }
  insertSession(step, session);
  const { sub, sid, clientId, channel } = session;
  record(step, {
    kind: "login",
    actor: origin.actor,
    sub,
    sid,
    address: origin.address,
    detail: { clientId, channel },
  });
  return { session, ended };
}

export function session(step: Step, input: { readonly sub: string; readonly sid: string }): Session | null {
  const row = liveRow(step, input.sub, input.sid);
  return row === null ? null : sessionOf(row);
}

export function sessions(step: Step, input: { readonly sub: string }): readonly Session[] {
  return liveRows(step, input.sub).map(sessionOf);
}

export function endSession(step: Step, input: OperationInput<"endSession">): OperationOutput<"endSession"> {
  const { existed } = endOne(step, input, input.reason, input.origin);
  return { existed, cursor: feedEnd(step) };
}

export function sessionData(step: Step, input: { readonly sub: string; readonly sid: string }): SessionData | null {
  const row = liveRow(step, input.sub, input.sid);
  return row === null ? null : { json: text(row, "data"), version: integer(row, "data_version") };
}

export function writeSessionData(
  step: Step,
  input: OperationInput<"writeSessionData">,
): OperationOutput<"writeSessionData"> {
  const row = liveRow(step, input.sub, input.sid);
  if (row === null) return null;
  if (integer(row, "data_version") !== input.expected) return { ok: false, reason: "conflict" };
  const version = input.expected + 1;
  step.db.all("UPDATE sessions SET data = ?, data_version = ? WHERE sid = ?", input.json, version, input.sid);
  return { ok: true, version };
}
