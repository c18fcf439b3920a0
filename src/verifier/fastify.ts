import { setCaller } from "./callers.ts";
import { createGuard, type Requirement } from "./guard.ts";
import type { Verifier } from "./verifier.ts";

export { callerOf } from "./callers.ts";
export type { Caller, Requirement } from "./guard.ts";

const utf8 = new TextEncoder();

/** What is needed of Fastify's request and reply. */
interface Request {
  readonly raw: { readonly rawHeaders: readonly string[] };
}
interface Reply {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(body: Uint8Array): unknown;
}

/**
 * A hook for Fastify 5: `fastify.addHook("onRequest", authenticate(verifier, { scopes: ["orders:read"] }))`, or `onRequest` of one route;
 * then `callerOf(request)`. Whoever may not pass is answered 401, 403 or 503 with a problem document.
 */
export function authenticate(verifier: Verifier, requirement?: Requirement) {
  const guard = createGuard(verifier, requirement);
  return async (request: Request, reply: Reply): Promise<unknown> => {
    const guarded = await guard(request.raw.rawHeaders);
    if (guarded.ok) {
      setCaller(request, guarded.caller);
      return undefined;
    }
    const { status, headers, body } = guarded.answer;
    reply.code(status);
    for (const [name, value] of headers) reply.header(name, value);
    // As bytes: Fastify would add a charset, which this type does not have.
    reply.send(utf8.encode(body));
    return reply;
  };
}
