import { Hono } from "hono";
import { authenticate, callerOf } from "../../src/verifier/hono.ts";
import { createVerifier, type Verifier } from "../../src/verifier/index.ts";

interface Bindings {
  readonly ISSUER: string;
}

let verifier: Verifier | null = null;

/** A service on Workers: `/` says who calls. */
const app = new Hono<{ Bindings: Bindings }>();
app.get("/healthz", (c) => c.text("ok"));
app.use("/", async (c, next) => {
  verifier ??= createVerifier({
    ...{ issuer: c.env.ISSUER, audience: "orders", accessTokens: { revocations: "unchecked" } },
  });
  return authenticate(verifier)(c, next);
});
app.get("/", (c) => c.json(callerOf(c)));

export default app;
