import { Hono } from "hono";
import type { Config } from "../config/config.ts";
import { JWKS_PATH, metadataPaths } from "../protocol/well-known.ts";
import { problemResponse } from "./problem.ts";
import type { PosternEnv } from "./request-facts.ts";
import type { Services } from "./services.ts";

/** The two public documents, at their absolute paths on the main listener. */
export function wellKnownEndpoints(services: Services): Hono<PosternEnv> {
  const app = new Hono<PosternEnv>();
  const maxAge = jwksMaxAge(services.config);
  app.get(JWKS_PATH, (c) => {
    const set = services.keyRing.jwks();
    // Before the keys have been read an empty set would be kept by caches and refuse every token.
    if (set.keys.length === 0) return problemResponse({ code: "store_unavailable" });
    return c.body(JSON.stringify(set), 200, {
      "Content-Type": "application/jwk-set+json",
      "Cache-Control": `public, max-age=${maxAge}`,
    });
  });
  const metadata = authorizationServerMetadata(services.config);
  const documents = metadataPaths(services.config.issuer);
  for (const path of documents) {
    app.get(path, (c) => c.json(metadata, 200, { "Cache-Control": "public, max-age=3600" }));
  }
  for (const path of [JWKS_PATH, ...documents]) {
    app.all(path, () => problemResponse({ code: "method_not_allowed", allow: "GET, HEAD" }));
  }
  return app;
}

/** Seconds that a key set may be kept: half the time for which a new key is published before it signs, 5 minutes at most. */
const jwksMaxAge = ({ tokens }: Config): number => Math.min(300, Math.floor(tokens.keys.publishAhead / 2000));

/** RFC 8414 §2: what exists, and nothing else. */
function authorizationServerMetadata(config: Config) {
  const endpoint = (name: string) => `${config.origin}${config.paths.oauth}/${name}`;
  const confidential = ["client_secret_basic", "client_secret_post"];
  const scopes = [...Object.values(config.roles), ...Object.values(config.clients)].flatMap((holder) => holder.scopes);
  return {
    issuer: config.issuer,
    jwks_uri: `${config.origin}${JWKS_PATH}`,
    token_endpoint: endpoint("token"),
    token_endpoint_auth_methods_supported: [...confidential, "none"],
    revocation_endpoint: endpoint("revoke"),
    revocation_endpoint_auth_methods_supported: [...confidential, "none"],
    introspection_endpoint: endpoint("introspect"),
    introspection_endpoint_auth_methods_supported: confidential,
    grant_types_supported: ["client_credentials", "refresh_token"],
    // There is no authorization endpoint: people log in at Postern's own.
    response_types_supported: [],
    scopes_supported: [...new Set(scopes)].sort(),
  };
}
