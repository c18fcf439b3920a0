import type { Context } from "hono";
import { z } from "zod";
import type { Problem } from "../../protocol/errors.ts";
import type { RefreshToken } from "../../sessions/refresh-token.ts";
import type { Channel } from "../../sessions/session.ts";
import { parseBody } from "../body.ts";
import { problemResponse } from "../problem.ts";
import { cookieRequestProblem, type PosternEnv, shownRefreshCookie, userAgentOf } from "../request-facts.ts";
import type { Services } from "../services.ts";
import { sessionAnswer } from "./session-answer.ts";

const RefreshBody = z.object({
  refresh_token: z.string("a refresh token").max(4096, "at most 4096 characters").optional(),
});

/** The refresh token that a request shows, by its one right channel. */
export type ShownToken =
  | { readonly ok: true; readonly token: RefreshToken | null; readonly channel: Channel | null }
  | { readonly ok: false; readonly problem: Problem };

/** Reads the refresh token from the cookie or the body; both at once, or the wrong one, is `wrong_channel`. */
export async function shownRefreshToken(
  c: Context<PosternEnv>,
  services: Services,
  inBody: string | null,
): Promise<ShownToken> {
  const cookie = shownRefreshCookie(c.env.headers);
  if (!cookie.ok) return cookie;
  if (cookie.value !== null) {
    const problem = cookieRequestProblem(c.env, services.config);
    if (problem !== null) return { ok: false, problem };
    if (inBody !== null) return wrongChannel("The refresh token came in the cookie and in the body.");
  }
  const text = cookie.value ?? inBody;
  if (text === null) return { ok: true, token: null, channel: null };
  const channel = cookie.value === null ? "body" : "cookie";
  const token = await services.refreshTokens.decode(text);
  if (token !== null && token.channel !== channel) {
    return wrongChannel(`This session's refresh token is taken from the ${token.channel} only.`);
  }
  return { ok: true, token, channel };
}

const wrongChannel = (detail: string): ShownToken => ({ ok: false, problem: { code: "wrong_channel", detail } });

/** `POST /auth/refresh`. */
export async function refresh(c: Context<PosternEnv>, services: Services): Promise<Response> {
  const { config } = services;
  const body = await parseBody(c.req.raw, RefreshBody, { maxBytes: config.maxBody, whenEmpty: {} });
  if (!body.ok) return problemResponse(body.problem);
  const shown = await shownRefreshToken(c, services, body.value.refresh_token ?? null);
  if (!shown.ok) return problemResponse(shown.problem);
  if (shown.token === null) {
    if (shown.channel === null) {
      return problemResponse({ code: "unauthenticated", detail: "No refresh token was sent." });
    }
    services.observe({ kind: "refresh", outcome: "malformed" });
    return problemResponse({ code: "refresh_invalid" });
  }
  const userAgent = userAgentOf(c.req.raw);
  const context = { address: c.env.address, userAgent, scopes: null, rotate: true };
  const renewal = await services.renew(shown.token, context);
  if (!renewal.ok) return problemResponse(renewal.problem);
  return sessionAnswer(config, renewal);
}
