import { type Context, Hono } from "hono";
import type { z } from "zod";
import { HashingOverloaded } from "../../accounts/passwords.ts";
import type { Origin } from "../../stores/store.ts";
import { parseBody } from "../body.ts";
import { problemResponse } from "../problem.ts";
import type { PosternEnv } from "../request-facts.ts";
import type { Services } from "../services.ts";
import { storeProblem } from "../store-problem.ts";
import { setHeader } from "../text-response.ts";
import { authenticateAdmin } from "./admin-authentication.ts";
import {
  AuditPageQuery,
  EndSessionQuery,
  NewClientBody,
  NewUserBody,
  RevocationBody,
  SessionId,
  UserChangeBody,
  UserPageQuery,
} from "./admin-requests.ts";
import { type Administration, AdministrationError } from "./administration.ts";
import { gatewayAdministration } from "./gateway-administration.ts";

/** `origin`: who calls, for the audit trail. */
export type AdminEnv = PosternEnv & { readonly Variables: { origin: Origin } };
type AdminContext = Context<AdminEnv>;
type Handler = (administration: Administration, c: AdminContext) => Promise<Response>;
type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** The admin API, to be mounted at `/admin`: an HTTP form of Administration. */
export function adminEndpoints(services: Services): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>();
  app.onError((error) => {
    if (error instanceof AdministrationError) return problemResponse(error.problem);
    if (error instanceof HashingOverloaded) return problemResponse({ code: "overloaded" });
    const problem = storeProblem(error);
    if (problem !== null) return problemResponse(problem);
    services.observe({ kind: "internal_error", where: "admin", message: error.message });
    return problemResponse({ code: "internal" });
  });

  app.use(async (c, next) => {
    const caller = await authenticateAdmin(services, c.env.headers);
    if (!caller.ok) return problemResponse(caller.problem);
    const origin = { actor: caller.actor, address: c.env.address };
    c.set("origin", origin);
    await next();
    setHeader(c.res, "Cache-Control", "no-store");
    return undefined;
  });

  for (const [path, methods] of Object.entries(routes(services.config.maxBody))) {
    for (const [method, handler] of Object.entries(methods)) {
      // Whoever follows the audit trail would read of nothing but his own reading.
      const audited = path !== "/audit";
      app.on(method, path, async (c) => {
        if (audited) await auditCall(services, c);
        return handler(gatewayAdministration(services, c.get("origin")), c);
      });
    }
    const allow = Object.keys(methods).join(", ");
    app.all(path, () => problemResponse({ code: "method_not_allowed", allow }));
  }
  app.all("*", () => problemResponse({ code: "not_found" }));
  return app;
}

/** Written before the call is served, so that nothing is done unrecorded. */
async function auditCall(services: Services, c: AdminContext): Promise<void> {
  const { actor, address } = c.get("origin");
  const detail = { method: c.req.method, path: c.req.path.slice(0, 200) };
  await services.store.audit({ event: { kind: "admin_call", actor, sub: null, sid: null, address, detail } });
}

function routes(maxBytes: number): Readonly<Record<string, { readonly [M in Method]?: Handler }>> {
  const body = async <T>(c: AdminContext, schema: z.ZodType<T>): Promise<T> => {
    const parsed = await parseBody(c.req.raw, schema, { maxBytes });
    if (!parsed.ok) throw new AdministrationError(parsed.problem);
    return parsed.value;
  };
  const id = (c: AdminContext): string => c.req.param("id") ?? "";
  return {
    "/users": {
      GET: async (administration, c) => c.json(await administration.users(query(c, UserPageQuery))),
      POST: async (administration, c) => c.json(await administration.createUser(await body(c, NewUserBody)), 201),
    },
    "/users/:id": {
      GET: async (administration, c) => c.json(await administration.user(id(c))),
      PATCH: async (administration, c) => c.json(await administration.updateUser(id(c), await body(c, UserChangeBody))),
      DELETE: async (administration, c) => {
        await administration.deleteUser(id(c));
        return c.body(null, 204);
      },
    },
    "/users/:id/sessions": {
      GET: async (administration, c) => c.json(await administration.sessions(id(c))),
    },
    "/sessions/:id": {
      DELETE: async (administration, c) => {
        const sid = checked("session", SessionId, id(c));
        return c.json(await administration.endSession(sid, query(c, EndSessionQuery).user));
      },
    },
    "/revocations": {
      POST: async (administration, c) => c.json(await administration.revoke(await body(c, RevocationBody))),
    },
    "/nodes": { GET: async (administration, c) => c.json(await administration.nodes()) },
    "/audit": { GET: async (administration, c) => c.json(await administration.audit(query(c, AuditPageQuery))) },
    "/clients": {
      GET: async (administration, c) => c.json(await administration.clients()),
      POST: async (administration, c) => c.json(await administration.createClient(await body(c, NewClientBody)), 201),
    },
    "/clients/:id": {
      DELETE: async (administration, c) => {
        await administration.removeClient(id(c));
        return c.body(null, 204);
      },
    },
    "/clients/:id/secret": {
      POST: async (administration, c) => c.json(await administration.rotateClientSecret(id(c))),
    },
    "/keys": { GET: async (administration, c) => c.json(await administration.keys()) },
    "/keys/rotate": { POST: async (administration, c) => c.json(await administration.rotateKeys()) },
  };
}

const query = <T>(c: AdminContext, schema: z.ZodType<T>): T => checked("query", schema, c.req.query());

function checked<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({
    path: [name, ...path.map(String)].join("."),
    expected: message,
  }));
  throw new AdministrationError({ code: "validation", errors });
}
