import type { RefreshRequest, RefreshResult } from "../../sessions/refresh.ts";
import { judgeRefresh, type RefreshVerdict } from "../../sessions/rotation.ts";
import { record } from "./audit.ts";
import { endOne } from "./endings.ts";
import { issueTime } from "./not-before.ts";
import { rowOf, sessionOf, updateSession } from "./session-rows.ts";
import type { Step } from "./step.ts";
import { userOf, userRow } from "./user-rows.ts";

const BY_THE_STORE = "postern";

/** Shows a refresh token to the store: what is decided (sessions/rotation.ts) is stored, published and audited in this step. */
export function refreshSession(step: Step, request: RefreshRequest): RefreshResult {
  const sessionRow = rowOf(step, request.sub, request.sid);
  const row = userRow(step, request.sub);
  const user = row === null ? null : userOf(row);
  const session = sessionRow === null ? null : sessionOf(sessionRow);
  const verdict = judgeRefresh(session, user, step.sessionsNotBefore, request, step.now);
  switch (verdict.kind) {
    case "grant": {
      if (user === null) throw new Error("a refresh was granted without a user");
      updateSession(step, verdict.session);
      const issuedAt = issueTime(step, row, verdict.session.clientId);
      return { outcome: verdict.outcome, user, session: verdict.session, issuedAt };
    }
    case "end":
      end(step, request, verdict);
      return { outcome: verdict.outcome };
    case "ended":
      return { outcome: "ended" };
    case "refuse":
      tell(step, request, verdict.audit, session?.generation ?? 0);
      return { outcome: verdict.outcome };
  }
}

function end(step: Step, request: RefreshRequest, verdict: RefreshVerdict & { readonly kind: "end" }): void {
  const kind = {
    theft: "refresh_theft",
    lost: "refresh_lost",
    idle_expired: "session_ended",
    expired: "session_ended",
  } as const;
  const origin = { actor: BY_THE_STORE, address: request.address };
  endOne(step, request, verdict.reason, origin, kind[verdict.outcome]);
}

function tell(
  step: Step,
  request: RefreshRequest,
  kind: "refresh_other_client" | "refresh_ahead" | "refresh_forged",
  generation: number,
): void {
  const { sub, sid, address } = request;
  const detail = { shown: request.generation, current: generation };
  record(step, { kind, actor: BY_THE_STORE, sub, sid, address, detail });
}
