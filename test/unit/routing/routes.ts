import type { ReservedPaths } from "../../../src/routing/reserved.ts";
import type { Route } from "../../../src/routing/route.ts";

export const route = (path: string, more: Partial<Route> = {}): Route => ({
  host: null,
  path,
  methods: null,
  access: { kind: "public" },
  upstream: "u",
  credentials: "bearer",
  onStale: "refuse",
  forwardAuthorization: false,
  allowAmbiguousPath: false,
  websocket: false,
  streams: "session",
  limits: [],
  cors: null,
  maxBody: null,
  rewrite: null,
  requestHeaders: null,
  responseHeaders: null,
  ...more,
});

export const RESERVED: ReservedPaths = {
  prefixes: ["/auth", "/oauth"],
  exact: ["/.well-known/jwks.json", "/.well-known/oauth-authorization-server"],
};
