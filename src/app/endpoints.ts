import { Hono } from "hono";
import { adminEndpoints } from "../http/admin/endpoints.ts";
import { operationsApp } from "../http/admin/operations.ts";
import { type AuthHandler, authEndpoints } from "../http/auth/endpoints.ts";
import { oauthEndpoints } from "../http/oauth/endpoints.ts";
import { OAuthError, oauthErrorResponse } from "../http/oauth/oauth-error.ts";
import { problemResponse } from "../http/problem.ts";
import type { PosternEnv } from "../http/request-facts.ts";
import { securityHeaders } from "../http/security-headers.ts";
import type { Services } from "../http/services.ts";
import { storeProblem } from "../http/store-problem.ts";
import { appendHeader, setHeader } from "../http/text-response.ts";
import { wellKnownEndpoints } from "../http/well-known.ts";
import { firstHeader, type HeaderList } from "../lib/header-list.ts";
import { corsHeaders, isPreflight, preflightHeaders } from "../policy/cors.ts";
import type { AddressSet } from "../proxy/address.ts";
import { clientAddress } from "../proxy/client-address.ts";
import type { IncomingRequest } from "./decision.ts";
import type { ForwardVerdict } from "./forward-auth.ts";

/** What a transport knows of a request beside the request. */
export interface Connection {
  /** Address of the other end of the socket. */
  readonly peer: string;
  /** Header lines as received. */
  readonly headers: HeaderList;
}

export interface EndpointsOptions {
  readonly services: Services;
  readonly verify: (request: IncomingRequest) => Promise<ForwardVerdict>;
  readonly trusted: AddressSet;
}

type Answer = (request: Request, connection: Connection) => Promise<Response>;

/** Postern's own endpoints on both listeners. */
export function createEndpoints(options: EndpointsOptions): {
  readonly endpoints: Answer;
  readonly operations: Answer;
  readonly tooLarge: (target: string) => Response;
} {
  const { services, trusted } = options;
  const { config } = services;
  const secure = securityHeaders(config.origin);
  const main = mainApp(options);
  const operations = operationsApp(services);

  function answerWith(app: Pick<Hono<PosternEnv>, "fetch">): Answer {
    return async (request, { peer, headers }) => {
      const forwarded = trusted(peer);
      const address = clientAddress(peer, headers, trusted);
      const plainHttp = forwarded && /^\s*http\s*(?:,|$)/i.test(firstHeader(headers, "x-forwarded-proto") ?? "");
      const response = await app.fetch(request, { peer, headers, address, plainHttp });
      return secured(response);
    };
  }
  function secured(response: Response): Response {
    for (const [name, value] of secure) setHeader(response, name, value);
    return response;
  }
  /** In the form of the path's errors: RFC 6749 §5.2 under `/oauth`, a problem document elsewhere. */
  function tooLarge(target: string): Response {
    const detail = `At most ${config.maxBody} bytes are read.`;
    return secured(
      target.startsWith(`${config.paths.oauth}/`)
        ? oauthErrorResponse(new OAuthError("invalid_request", detail, { status: 413 }))
        : problemResponse({ code: "too_large", detail }),
    );
  }
  return { endpoints: answerWith(main), operations: answerWith(operations), tooLarge };
}

function mainApp({ services, verify }: EndpointsOptions): Hono<PosternEnv> {
  const { config, observe } = services;
  const app = new Hono<PosternEnv>();
  app.onError((error, c) => {
    const problem = storeProblem(error);
    if (problem !== null) return problemResponse(problem);
    // Whoever has gone is told nothing; that work for them was given up is no error.
    if (error === c.req.raw.signal.reason) return problemResponse({ code: "internal" });
    observe({ kind: "internal_error", where: "endpoints", message: error.message });
    return problemResponse({ code: "internal" });
  });
  app.notFound(() => problemResponse({ code: "not_found" }));
  const verifyPath = `${config.paths.auth}/verify`;
  app.use(async (c, next) => {
    const { headers } = c.env;
    // A proxy asks for a verdict with the headers, and maybe the method, of the request to judge.
    if (isPreflight(c.req.method, headers) && c.req.path !== verifyPath) {
      return withHeaders(new Response(null, { status: 204 }), preflightHeaders(headers, config.cors));
    }
    await next();
    // No origin is let in to follow a redirect: what it leads to says by itself who may read it.
    if (c.res.status !== 303) withHeaders(c.res, corsHeaders(headers, config.cors));
    return undefined;
  });

  const verifyHandler: AuthHandler = async (c) => {
    const { peer, headers } = c.env;
    const verdict = await verify({ method: c.req.method, target: c.req.path, headers, peer });
    return verdict.ok ? withHeaders(new Response(null), verdict.headers) : problemResponse(verdict.problem);
  };
  app.route(config.paths.auth, authEndpoints(services, verifyHandler));
  app.route(config.paths.oauth, oauthEndpoints(services));
  if (config.admin.public) app.route(config.paths.admin, adminEndpoints(services));
  app.route("/", wellKnownEndpoints(services));
  return app;
}

function withHeaders(response: Response, headers: HeaderList): Response {
  for (let index = 0; index < headers.length; index += 2) {
    const [name, value] = headers.slice(index, index + 2) as [string, string];
    if (name === "Set-Cookie" || name === "Vary") appendHeader(response, name, value);
    else setHeader(response, name, value);
  }
  return response;
}
