import { setCaller } from "./callers.ts";
import { createGuard, type Requirement } from "./guard.ts";
import type { Verifier } from "./verifier.ts";

export { callerOf } from "./callers.ts";
export type { Caller, Requirement } from "./guard.ts";

/** What is needed of Hono's context. */
interface Context {
  readonly req: { readonly raw: { readonly headers: Headers } };
}

/**
 * Middleware for Hono: `app.use("/orders/*", authenticate(verifier, { scopes: ["orders:read"] }))`; then `callerOf(c)`. Whoever may not
 * pass is answered 401, 403 or 503 with a problem document.
 */
export function authenticate(verifier: Verifier, requirement?: Requirement) {
  const guard = createGuard(verifier, requirement);
  return async (c: Context, next: () => Promise<void>): Promise<Response | undefined> => {
    const guarded = await guard([...c.req.raw.headers].flat());
    if (!guarded.ok) {
      const { status, headers, body } = guarded.answer;
      return new Response(body, { status, headers: headers.map(([name, value]) => [name, value]) });
    }
    setCaller(c, guarded.caller);
    await next();
    return undefined;
  };
}
