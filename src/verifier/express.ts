import { setCaller } from "./callers.ts";
import { createGuard, type Requirement } from "./guard.ts";
import type { Verifier } from "./verifier.ts";

export { callerOf } from "./callers.ts";
export type { Caller, Requirement } from "./guard.ts";

/** What is needed of Node's request and response, which Express' are. */
interface Request {
  readonly rawHeaders: readonly string[];
}
interface Response {
  writeHead(status: number, headers: string[]): { end(body: string): unknown };
}

/**
 * Middleware for Express 5: `app.use("/orders", authenticate(verifier, { scopes: ["orders:read"] }))`; then `callerOf(req)`. Whoever may
 * not pass is answered 401, 403 or 503 with a problem document.
 */
export function authenticate(verifier: Verifier, requirement?: Requirement) {
  const guard = createGuard(verifier, requirement);
  return async (req: Request, res: Response, next: () => void): Promise<void> => {
    const guarded = await guard(req.rawHeaders);
    if (!guarded.ok) {
      const { status, headers, body } = guarded.answer;
      res.writeHead(status, headers.flat()).end(body);
      return;
    }
    setCaller(req, guarded.caller);
    next();
  };
}
