import { Hono } from "hono";
import type { PosternEnv } from "../request-facts.ts";
import type { Services } from "../services.ts";
import { login } from "./login.ts";
import { logout, logoutAll } from "./logout.ts";
import { endSession, listSessions, me } from "./me.ts";
import { changePassword } from "./password.ts";
import { refresh } from "./refresh.ts";
import { register } from "./register.ts";
import { patchSessionData, readSessionData } from "./session-data.ts";

/** The endpoints under `/auth`, forward auth excepted. */
export function authEndpoints(services: Services): Hono<PosternEnv> {
  const app = new Hono<PosternEnv>();
  app.use(async (c, next) => {
    await next();
    if (!c.res.headers.has("Cache-Control")) c.res.headers.set("Cache-Control", "no-store");
  });
  app.post("/register", (c) => register(c, services));
  app.post("/login", (c) => login(c, services));
  app.post("/refresh", (c) => refresh(c, services));
  app.post("/logout", (c) => logout(c, services));
  app.post("/logout/all", (c) => logoutAll(c, services));
  app.get("/me", (c) => me(c, services));
  app.get("/sessions", (c) => listSessions(c, services));
  app.delete("/sessions/:sid", (c) => endSession(c, services));
  app.get("/session/data", (c) => readSessionData(c, services));
  app.patch("/session/data", (c) => patchSessionData(c, services));
  app.post("/password", (c) => changePassword(c, services));
  return app;
}
