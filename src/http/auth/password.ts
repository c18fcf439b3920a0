import type { Context } from "hono";
import { z } from "zod";
import { checkNewPassword, passwordRules } from "../../accounts/check-password.ts";
import { loginBuckets } from "../../accounts/login-limits.ts";
import { HashingOverloaded } from "../../accounts/passwords.ts";
import { sha256 } from "../../lib/sha256.ts";
import { parseBody } from "../body.ts";
import { problemResponse } from "../problem.ts";
import type { PosternEnv } from "../request-facts.ts";
import type { Services } from "../services.ts";
import { authenticatePerson } from "./principal.ts";

const PasswordBody = z.object({
  current_password: z.string("a string").max(4096, "at most 4096 characters"),
  new_password: z.string("a string").max(4096, "at most 4096 characters"),
});

/** `POST /auth/password`: needs the current password, and ends the user's other sessions. */
export async function changePassword(c: Context<PosternEnv>, services: Services): Promise<Response> {
  const authenticated = await authenticatePerson(c, services);
  if (!authenticated.ok) return problemResponse(authenticated.problem);
  const { config, store } = services;
  const body = await parseBody(c.req.raw, PasswordBody, { maxBytes: config.maxBody });
  if (!body.ok) return problemResponse(body.problem);
  const { sub, sid } = authenticated.person;
  const user = await store.userById({ sub });
  if (user === null) return problemResponse({ code: "session_ended" });

  const { address } = c.env;
  const buckets = loginBuckets(
    { account: await sha256(user.usernameKey), address, device: { sid } },
    config.login.limits,
  );
  const taken = await store.takeAttempts({ buckets });
  if (!taken.ok) return problemResponse({ code: "rate_limited", retryAfter: taken.retryAfter / 1000 });
  try {
    if (!(await services.passwords.verify(user.passwordHash, body.value.current_password, c.req.raw.signal))) {
      const event = { actor: sub, sub, sid, address, detail: { where: "password" } };
      await store.audit({ event: { kind: "login_failed", ...event } });
      return problemResponse({ code: "invalid_credentials", detail: "The current password is wrong." });
    }
    await store.returnAttempts({ buckets });
    const verdict = await checkNewPassword(body.value.new_password, passwordRules(config, user.username));
    if (!verdict.ok) {
      return problemResponse({ code: "validation", errors: [{ path: "new_password", expected: verdict.expected }] });
    }
    const passwordHash = await services.passwords.hash(body.value.new_password, c.req.raw.signal);
    const origin = { actor: sub, address };
    const change = { sub, passwordHash, expected: user.passwordHash, endSessions: true, keep: sid };
    const changed = await store.setPassword({ ...change, origin });
    if (!changed.ok) return problemResponse({ code: "conflict", detail: "The password was changed by somebody else." });
    await services.catchUp();
    return new Response(null, { status: 204 });
  } catch (error) {
    if (!(error instanceof HashingOverloaded)) throw error;
    await store.returnAttempts({ buckets });
    return problemResponse({ code: "overloaded", retryAfter: 2 });
  }
}
