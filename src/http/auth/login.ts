import type { Context } from "hono";
import { z } from "zod";
import { loginBuckets } from "../../accounts/login-limits.ts";
import { HashingOverloaded } from "../../accounts/passwords.ts";
import type { User } from "../../accounts/records.ts";
import { usernameKey } from "../../accounts/username.ts";
import { accessGrant } from "../../authn/access-grant.ts";
import { narrowScopes, scopesOfRoles } from "../../authn/scopes.ts";
import { newId, randomId } from "../../lib/ids.ts";
import { sha256 } from "../../lib/sha256.ts";
import type { Problem } from "../../protocol/errors.ts";
import { BUILT_IN_CLIENT } from "../../protocol/names.ts";
import { clientContext } from "../../sessions/client-context.ts";
import type { RefreshToken } from "../../sessions/refresh-token.ts";
import type { AttemptBucket } from "../../stores/store.ts";
import { parseBody } from "../body.ts";
import { isIssued } from "../issued-token.ts";
import { problemResponse } from "../problem.ts";
import { cookieRequestProblem, type PosternEnv, shownRefreshCookie, userAgentOf } from "../request-facts.ts";
import { readReturnTo } from "../return-to.ts";
import type { Services } from "../services.ts";
import { loginFormProblem, type OpenedSession, sessionAnswer } from "./session-answer.ts";

const LoginBody = z.object({
  username: z.string("a string").min(1, "a name").max(256, "at most 256 characters"),
  password: z.string("a string").max(4096, "at most 4096 characters"),
  refresh: z.enum(["cookie", "body"], '"cookie" or "body"').default("cookie"),
  scope: z.string("scopes with spaces between them").max(4096, "at most 4096 characters").optional(),
  return_to: z.string("a path or a listed URL").max(2048, "at most 2048 characters").optional(),
});
type LoginBody = z.infer<typeof LoginBody>;

type LoginResult =
  | { readonly ok: true; readonly login: OpenedSession }
  | { readonly ok: false; readonly problem: Problem };

/** `POST /auth/login`. */
export async function login(c: Context<PosternEnv>, services: Services): Promise<Response> {
  const { config, refreshTokens } = services;
  const body = await parseBody(c.req.raw, LoginBody, { maxBytes: config.maxBody, form: true });
  if (!body.ok) return problemResponse(body.problem);
  const cookie = shownRefreshCookie(c.env.headers);
  if (!cookie.ok) return problemResponse(cookie.problem);
  if (body.value.refresh === "cookie" || cookie.value !== null) {
    const problem = cookieRequestProblem(c.env, config);
    if (problem !== null) return problemResponse(problem);
  }
  const returnTo = readReturnTo(body.value.return_to, config);
  if (!returnTo.ok) return problemResponse(returnTo.problem);
  const inCookie = cookie.value === null ? null : await refreshTokens.decode(cookie.value);
  // A token that belongs in bodies names no session here, as in every other place that reads the cookie.
  const shown = inCookie?.channel === "cookie" ? inCookie : null;
  const result = await logIn(c, services, body.value, shown);
  if (!result.ok) {
    return body.form ? loginFormProblem(config, result.problem, returnTo.target) : problemResponse(result.problem);
  }
  return sessionAnswer(config, result.login, body.form ? (returnTo.target ?? "/") : null);
}

async function logIn(
  c: Context<PosternEnv>,
  services: Services,
  body: LoginBody,
  shown: RefreshToken | null,
): Promise<LoginResult> {
  const { config, store, observe, passwords } = services;
  // A flood costs the store nothing: who would find no place in the queue is refused before anything is looked up.
  if (!passwords.hasRoom()) {
    observe({ kind: "login", outcome: "overloaded" });
    return refuse({ code: "overloaded", retryAfter: 2 });
  }
  const key = usernameKey(body.username);
  const user = await store.userByName({ usernameKey: key });
  const device = shown !== null && user !== null && shown.sub === user.id ? { sid: shown.sid } : null;
  const { address } = c.env;
  const buckets = loginBuckets({ account: await sha256(key), address, device }, config.login.limits);
  const taken = await store.takeAttempts({ buckets });
  const failed = (kind: "login_failed" | "login_limited") =>
    store.audit({ event: { kind, actor: "postern", sub: user?.id ?? null, sid: null, address, detail: {} } });
  if (!taken.ok) {
    await failed("login_limited");
    observe({ kind: "login", outcome: "rate_limited" });
    return refuse({ code: "rate_limited", retryAfter: taken.retryAfter / 1000 });
  }
  const matches = await checkPassword(services, user, body.password, buckets, c.req.raw.signal);
  if (matches === "overloaded") {
    observe({ kind: "login", outcome: "overloaded" });
    return refuse({ code: "overloaded", retryAfter: 2 });
  }
  if (!matches || user === null || user.disabled) {
    await failed("login_failed");
    observe({ kind: "login", outcome: "invalid_credentials" });
    return refuse({ code: "invalid_credentials" });
  }
  await store.returnAttempts({ buckets });
  const opened = await openSession(c, services, body, user, shown);
  observe({ kind: "login", outcome: opened === null ? "invalid_credentials" : "ok" });
  return opened === null ? refuse({ code: "invalid_credentials" }) : { ok: true, login: opened };
}

const refuse = (problem: Problem): LoginResult => ({ ok: false, problem });

async function checkPassword(
  { passwords, store }: Services,
  user: User | null,
  password: string,
  buckets: readonly AttemptBucket[],
  signal: AbortSignal,
): Promise<boolean | "overloaded"> {
  try {
    return await passwords.verify(user?.passwordHash ?? null, password, signal);
  } catch (error) {
    // Nothing was checked, so nothing counts: a flood must not lock anybody out.
    await store.returnAttempts({ buckets });
    if (error instanceof HashingOverloaded) return "overloaded";
    throw error;
  }
}

/** Null when the account was disabled, removed or given another password since the check. */
async function openSession(
  c: Context<PosternEnv>,
  services: Services,
  body: LoginBody,
  user: User,
  shown: RefreshToken | null,
): Promise<OpenedSession | null> {
  const { config, store, refreshTokens, accessTokens } = services;
  const passwordHash = await rehashed(services, user, body.password);
  const asked = body.scope === undefined ? null : body.scope.split(" ").filter((scope) => scope !== "");
  const r = randomId();
  const sid = newId("s");
  const channel = body.refresh;
  const userAgent = userAgentOf(c.req.raw);
  const created = await store.createSession({
    session: {
      sid,
      sub: user.id,
      clientId: BUILT_IN_CLIENT,
      channel,
      amr: ["pwd"],
      scopes: asked,
      rHash: await refreshTokens.hashOf(r),
      secretId: refreshTokens.secretId,
      context: clientContext(userAgent),
      address: c.env.address,
      userAgent,
    },
    limits: config.sessions,
    expectedHash: passwordHash,
    replace: shown !== null && (await isIssued(services, shown)) ? { sub: shown.sub, sid: shown.sid } : null,
    origin: { actor: user.id, address: c.env.address },
  });
  if (!created.ok) return null;
  // It may have ended sessions: the one that it replaces, and the longest idle one of too many.
  await services.catchUp();
  const { session, issuedAt } = created;
  const scopes = narrowScopes(scopesOfRoles(created.user.roles, config.roles), asked);
  const access = await accessTokens.issue(accessGrant(created.user, session, scopes, issuedAt));
  const { secretId, generation } = session;
  const refreshToken = await refreshTokens.encode({ channel, secretId, sub: user.id, sid, generation, r });
  return { user: created.user, session, scopes, access, refreshToken, at: issuedAt };
}

/** The account's hash after a rehash with the present parameters, where they have moved. */
async function rehashed({ passwords, store }: Services, user: User, password: string): Promise<string | null> {
  const { passwordHash } = user;
  if (passwordHash === null || !passwords.needsRehash(passwordHash)) return passwordHash;
  try {
    const better = await passwords.hash(password);
    const origin = { actor: "postern", address: null };
    const change = { sub: user.id, passwordHash: better, expected: passwordHash, endSessions: false, keep: null };
    return (await store.setPassword({ ...change, origin })).ok ? better : passwordHash;
  } catch (error) {
    // The login itself is good: the next one rehashes.
    if (error instanceof HashingOverloaded) return passwordHash;
    throw error;
  }
}
