import type { Context } from "hono";
import type { Session } from "../../sessions/session.ts";
import { problemResponse } from "../problem.ts";
import type { PosternEnv } from "../request-facts.ts";
import type { Services } from "../services.ts";
import { jsonResponse } from "../text-response.ts";
import { authenticatePerson } from "./principal.ts";

/** A session as its user sees it. */
export function sessionView(session: Session, current: string): Record<string, unknown> {
  return {
    id: session.sid,
    created_at: new Date(session.createdAt).toISOString(),
    last_used_at: new Date(session.lastUsedAt).toISOString(),
    expires_at: new Date(Math.min(session.idleEndsAt, session.absoluteEndsAt)).toISOString(),
    address: session.address,
    user_agent: session.userAgent,
    current: session.sid === current,
  };
}

/** `GET /auth/me`. */
export async function me(c: Context<PosternEnv>, services: Services): Promise<Response> {
  const authenticated = await authenticatePerson(c, services);
  if (!authenticated.ok) return problemResponse(authenticated.problem);
  const { sub, sid, scopes } = authenticated.person;
  const [user, session] = await Promise.all([services.store.userById({ sub }), services.store.session({ sub, sid })]);
  if (user === null || session === null) return problemResponse({ code: "session_ended" });
  return jsonResponse({
    user: { id: user.id, username: user.username, roles: user.roles },
    scope: scopes.join(" "),
    session: sessionView(session, sid),
  });
}

/** `GET /auth/sessions`. */
export async function listSessions(c: Context<PosternEnv>, services: Services): Promise<Response> {
  const authenticated = await authenticatePerson(c, services);
  if (!authenticated.ok) return problemResponse(authenticated.problem);
  const { sub, sid } = authenticated.person;
  const sessions = await services.store.sessions({ sub });
  const newestFirst = sessions.toSorted((one, other) => other.lastUsedAt - one.lastUsedAt);
  return jsonResponse({ sessions: newestFirst.map((session) => sessionView(session, sid)) });
}

/** `DELETE /auth/sessions/:sid`. */
export async function endSession(c: Context<PosternEnv>, services: Services): Promise<Response> {
  const authenticated = await authenticatePerson(c, services);
  if (!authenticated.ok) return problemResponse(authenticated.problem);
  const { sub } = authenticated.person;
  const sid = c.req.param("sid") ?? "";
  if ((await services.store.session({ sub, sid })) === null) {
    return problemResponse({ code: "not_found", detail: "You have no such session." });
  }
  await services.store.endSession({
    sub,
    sid,
    reason: "user_request",
    origin: { actor: sub, address: c.env.address },
  });
  await services.catchUp();
  return new Response(null, { status: 204 });
}
