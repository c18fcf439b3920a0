import type { Context } from "hono";
import { z } from "zod";
import { addressBucket } from "../../accounts/address-bucket.ts";
import { checkNewPassword, passwordRules } from "../../accounts/check-password.ts";
import { HashingOverloaded } from "../../accounts/passwords.ts";
import { parseUsername } from "../../accounts/username.ts";
import { newId } from "../../lib/ids.ts";
import { parseBody } from "../body.ts";
import { problemResponse } from "../problem.ts";
import type { PosternEnv } from "../request-facts.ts";
import type { Services } from "../services.ts";
import { jsonResponse } from "../text-response.ts";

const RegisterBody = z.object({
  username: z.string("a string").max(256, "at most 256 characters"),
  password: z.string("a string").max(4096, "at most 4096 characters"),
});

/** `POST /auth/register`, where the configuration allows it. Makes an account and no session. */
export async function register(c: Context<PosternEnv>, services: Services): Promise<Response> {
  const { config, store } = services;
  if (!config.registration) return problemResponse({ code: "not_found", detail: "Registration is closed." });
  const body = await parseBody(c.req.raw, RegisterBody, { maxBytes: config.maxBody });
  if (!body.ok) return problemResponse(body.problem);

  // Every account costs a hash, and every password a judgement: an address gets as many as it may fail logins.
  const { attempts, window } = config.login.limits.perAddress;
  const key = `register:${addressBucket(c.env.address)}`;
  const bucket = { key, limit: attempts, window, lock: window, maxLock: window };
  const taken = await store.takeAttempts({ buckets: [bucket] });
  if (!taken.ok) return problemResponse({ code: "rate_limited", retryAfter: taken.retryAfter / 1000 });

  const name = parseUsername(body.value.username);
  const password = await checkNewPassword(body.value.password, passwordRules(config, name.ok ? name.username : ""));
  const errors = [
    ...(name.ok ? [] : [{ path: "username", expected: name.expected }]),
    ...(password.ok ? [] : [{ path: "password", expected: password.expected }]),
  ];
  if (!name.ok || errors.length > 0) return problemResponse({ code: "validation", errors });
  try {
    const passwordHash = await services.passwords.hash(body.value.password, c.req.raw.signal);
    const { username, usernameKey } = name;
    const user = { id: newId("u"), username, usernameKey, passwordHash, roles: config.registrationRoles };
    const created = await store.createUser({ user, origin: { actor: user.id, address: c.env.address } });
    if (!created.ok) return problemResponse({ code: "conflict", detail: "The username is taken." });
    const { id, roles } = created.user;
    return jsonResponse({ user: { id, username, roles } }, 201);
  } catch (error) {
    if (error instanceof HashingOverloaded) return problemResponse({ code: "overloaded", retryAfter: 2 });
    throw error;
  }
}
