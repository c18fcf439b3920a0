import { type Context, Hono } from "hono";
import { REVOCATIONS_ENDPOINT } from "../../protocol/revocation-feed.ts";
import { problemResponse } from "../problem.ts";
import type { PosternEnv } from "../request-facts.ts";
import type { Services } from "../services.ts";
import { setHeader } from "../text-response.ts";
import { login } from "./login.ts";
import { logout, logoutAll } from "./logout.ts";
import { endSession, listSessions, me } from "./me.ts";
import { changePassword } from "./password.ts";
import { refresh } from "./refresh.ts";
import { register } from "./register.ts";
import { revocations } from "./revocations.ts";
import { patchSessionData, readSessionData } from "./session-data.ts";

export type AuthHandler = (c: Context<PosternEnv>, services: Services) => Promise<Response>;

const ENDPOINTS: Readonly<Record<string, Readonly<Record<string, AuthHandler>>>> = {
  "/register": { POST: register },
  "/login": { POST: login },
  "/refresh": { POST: refresh },
  "/logout": { POST: logout },
  "/logout/all": { POST: logoutAll },
  "/me": { GET: me },
  "/sessions": { GET: listSessions },
  "/sessions/:sid": { DELETE: endSession },
  "/session/data": { GET: readSessionData, PATCH: patchSessionData },
  "/password": { POST: changePassword },
  [REVOCATIONS_ENDPOINT]: { GET: revocations },
};

/** The endpoints under `/auth`; `verify` is the gateway's forward auth. */
export function authEndpoints(services: Services, verify: AuthHandler): Hono<PosternEnv> {
  const app = new Hono<PosternEnv>();
  app.use(async (c, next) => {
    await next();
    setHeader(c.res, "Cache-Control", "no-store");
  });
  // The method of the request to judge stands in a header; nginx asks with the client's own method.
  app.all("/verify", (c) => verify(c, services));
  for (const [path, methods] of Object.entries(ENDPOINTS)) {
    for (const [method, handler] of Object.entries(methods)) app.on(method, path, (c) => handler(c, services));
    const allow = Object.keys(methods).join(", ");
    app.all(path, () => problemResponse({ code: "method_not_allowed", allow }));
  }
  return app;
}
