import type { Context } from "hono";
import { hasQueryToken, readBearer } from "../../authn/bearer.ts";
import { CHALLENGE_INVALID_TOKEN } from "../../authn/challenge.ts";
import { scopeChallenge } from "../../policy/challenge.ts";
import type { Problem } from "../../protocol/errors.ts";
import { REVOCATIONS_SCOPE } from "../../protocol/revocation-feed.ts";
import { readPlace } from "../../revocation/feed-place.ts";
import type { FeedReader } from "../../revocation/feed-stream.ts";
import { authenticateClient } from "../oauth/client-authentication.ts";
import { OAuthError } from "../oauth/oauth-error.ts";
import { problemResponse } from "../problem.ts";
import type { PosternEnv } from "../request-facts.ts";
import type { Services } from "../services.ts";

type ReaderResult =
  | { readonly ok: true; readonly reader: FeedReader }
  | { readonly ok: false; readonly problem: Problem };

/** Either way of showing who one is. */
const CHALLENGE = 'Basic realm="postern", charset="UTF-8", Bearer';
/** Seconds after which a follower that found no place may ask again. */
const RETRY_WHEN_FULL = 5;

/** The live revocations and what comes, as server-sent events, for clients with the scope; resumed at the last event's id. */
export async function revocations(c: Context<PosternEnv>, services: Services): Promise<Response> {
  // Without a body nobody would read the stream.
  if (c.req.method !== "GET") return problemResponse({ code: "method_not_allowed", allow: "GET" });
  const stale = services.viewProblem(false);
  if (stale !== null) return problemResponse(stale);
  const result = await readerOf(c, services);
  if (!result.ok) return problemResponse(result.problem);
  const resume = readPlace(c.req.header("last-event-id") ?? c.req.query("after") ?? "");
  const stream = services.feed.open(result.reader, resume, services.config.revocation.maxFollowers);
  if (stream === "full") {
    return problemResponse({ code: "overloaded", detail: "Too many services follow.", retryAfter: RETRY_WHEN_FULL });
  }
  if (stream === "closed") return problemResponse({ code: "stale_view" });
  // nginx would hold the events back until its buffer is full.
  return new Response(stream, { headers: { "Content-Type": "text/event-stream", "X-Accel-Buffering": "no" } });
}

async function readerOf(c: Context<PosternEnv>, services: Services): Promise<ReaderResult> {
  const bearer = readBearer(c.env.headers);
  if (bearer.kind === "unusable" || hasQueryToken(c.req.url)) {
    return refuse({ code: "token_invalid", challenge: CHALLENGE_INVALID_TOKEN });
  }
  return bearer.kind === "token" ? tokenReader(bearer.token, services) : secretReader(c, services);
}

async function tokenReader(token: string, services: Services): Promise<ReaderResult> {
  const authenticated = await services.authenticateToken(token);
  if (!authenticated.ok) return authenticated;
  const { principal } = authenticated;
  if (principal.sid !== null) return refuse({ code: "forbidden", detail: "The feed is for clients, not for people." });
  return allowed({ ...principal, until: principal.exp * 1000 }, principal.scopes);
}

async function secretReader(c: Context<PosternEnv>, services: Services): Promise<ReaderResult> {
  const authorization = c.req.header("authorization");
  if (authorization === undefined) return refuse({ code: "unauthenticated", challenge: CHALLENGE });
  try {
    const client = await authenticateClient(services, authorization, new Map());
    if (client.kind === "public") return refuse({ code: "unauthenticated", challenge: CHALLENGE });
    const issuedAt = services.now();
    // As long as a token that the client could have got for it.
    const until = issuedAt + services.config.tokens.access.ttl;
    const { id } = client;
    return allowed({ jti: "", sid: null, sub: id, clientId: id, kid: "", issuedAt, until }, client.scopes);
  } catch (error) {
    if (error instanceof OAuthError) return refuse({ code: "unauthenticated", challenge: CHALLENGE });
    throw error;
  }
}

const allowed = (reader: FeedReader, scopes: readonly string[]): ReaderResult =>
  scopes.includes(REVOCATIONS_SCOPE)
    ? { ok: true, reader }
    : refuse({ code: "insufficient_scope", challenge: scopeChallenge([REVOCATIONS_SCOPE]) });

const refuse = (problem: Problem): ReaderResult => ({ ok: false, problem });
