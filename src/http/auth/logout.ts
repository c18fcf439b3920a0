import type { Context } from "hono";
import { z } from "zod";
import { readBearer } from "../../authn/bearer.ts";
import { readCookie } from "../../authn/cookies.ts";
import { ACCESS_COOKIE } from "../../protocol/names.ts";
import { parseBody } from "../body.ts";
import { clearedCookies } from "../cookies.ts";
import { isIssued } from "../issued-token.ts";
import { problemResponse } from "../problem.ts";
import { cookieRequestProblem, type PosternEnv } from "../request-facts.ts";
import { readReturnTo } from "../return-to.ts";
import type { Services } from "../services.ts";
import { authenticatePerson } from "./principal.ts";
import { shownRefreshToken } from "./refresh.ts";
import { sameSiteOf } from "./session-answer.ts";

const LogoutBody = z.object({
  refresh_token: z.string("a refresh token").max(4096, "at most 4096 characters").optional(),
  return_to: z.string("a path or a listed URL").max(2048, "at most 2048 characters").optional(),
});

interface SessionName {
  readonly sub: string;
  readonly sid: string;
}

/**
 * `POST /auth/logout`: ends the session of every validly signed token that is shown, expired or not. Repeating it publishes
 * again, and a token that is no token of ours is no reason to refuse.
 */
export async function logout(c: Context<PosternEnv>, services: Services): Promise<Response> {
  const { config, store } = services;
  const body = await parseBody(c.req.raw, LogoutBody, { maxBytes: config.maxBody, form: true, whenEmpty: {} });
  if (!body.ok) return problemResponse(body.problem);
  const shown = await shownRefreshToken(c, services, body.value.refresh_token ?? null);
  if (!shown.ok) return problemResponse(shown.problem);

  const { headers } = c.env;
  const accessCookie = readCookie(headers, ACCESS_COOKIE);
  const forged = cookieRequestProblem(c.env, config);
  if (forged !== null && accessCookie.kind !== "none") return problemResponse(forged);
  const returnTo = readReturnTo(body.value.return_to, config);
  if (!returnTo.ok) return problemResponse(returnTo.problem);

  const bearer = readBearer(headers);
  const tokens = [
    bearer.kind === "token" ? bearer.token : null,
    accessCookie.kind === "one" ? accessCookie.value : null,
  ];
  const named = await Promise.all(tokens.map((token) => (token === null ? null : sessionOfToken(services, token))));
  const sessions = new Map<string, SessionName>();
  const issued = shown.token !== null && (await isIssued(services, shown.token)) ? shown.token : null;
  for (const session of [issued, ...named]) if (session !== null) sessions.set(session.sid, session);
  for (const { sub, sid } of sessions.values()) {
    await store.endSession({ sub, sid, reason: "logout", origin: { actor: sub, address: c.env.address } });
  }
  if (sessions.size > 0) await services.catchUp();
  // SameSite keeps the cookies out of another site's form, but a browser takes Set-Cookie from its answer (RFC 6265bis §5.7).
  const browserData = forged === null ? "clear" : "keep";
  return loggedOut(services, body.form ? (returnTo.target ?? "/") : null, browserData);
}

async function sessionOfToken(services: Services, token: string): Promise<SessionName | null> {
  const { accessTokens, keyRing, now } = services;
  let verified = await accessTokens.verifyExpired(token, now());
  if (!verified.ok && verified.reason === "unknown_key" && keyRing.mayRefetch()) {
    await keyRing.refresh();
    verified = await accessTokens.verifyExpired(token, now());
  }
  if (!verified.ok || verified.principal.sid === null) return null;
  return { sub: verified.principal.sub, sid: verified.principal.sid };
}

function loggedOut({ config }: Services, location: string | null, browserData: "clear" | "keep"): Response {
  const headers = new Headers({ "Cache-Control": "no-store" });
  if (browserData === "clear") {
    headers.set("Clear-Site-Data", '"cache"');
    for (const cookie of clearedCookies(sameSiteOf(config))) headers.append("Set-Cookie", cookie);
  }
  if (location === null) return new Response(null, { status: 204, headers });
  headers.set("Location", location);
  return new Response(null, { status: 303, headers });
}

/** `POST /auth/logout/all`. */
export async function logoutAll(c: Context<PosternEnv>, services: Services): Promise<Response> {
  const authenticated = await authenticatePerson(c, services);
  if (!authenticated.ok) return problemResponse(authenticated.problem);
  const { sub } = authenticated.person;
  await services.store.revoke({
    target: { kind: "user", sub, before: services.now() },
    sub,
    reason: "logout_all",
    note: null,
    dryRun: false,
    origin: { actor: sub, address: c.env.address },
  });
  await services.catchUp();
  return loggedOut(services, null, "clear");
}
