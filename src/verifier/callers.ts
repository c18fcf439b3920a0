import type { Caller } from "./guard.ts";

const callers = new WeakMap<object, Caller>();

/** Who a request acts as that `authenticate` let through: of Express' and Fastify's request, of Hono's context. Throws for any other. */
export function callerOf(request: object): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw new Error("the request has not come through authenticate");
  return caller;
}

export function setCaller(request: object, caller: Caller): void {
  callers.set(request, caller);
}
