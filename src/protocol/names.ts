/** Holds the refresh token. The prefix makes browsers insist on Secure, Path=/, no Domain and HttpOnly (RFC 6265bis, layered cookies). */
export const REFRESH_COOKIE = "__Host-Http-postern";
/** Holds the access token of session mode. */
export const ACCESS_COOKIE = "__Host-Http-postern-access";

/** The built-in public client that people log in through. */
export const BUILT_IN_CLIENT = "postern";

/** WebSocket subprotocol that announces an access token as the next one offered. */
export const BEARER_SUBPROTOCOL = "postern.bearer";

/** Headers that carry the verified identity to an upstream, by what they carry; the names are configurable. */
export const IDENTITY_HEADERS = {
  user: "X-Auth-User",
  name: "X-Auth-Name",
  session: "X-Auth-Session",
  roles: "X-Auth-Roles",
  scope: "X-Auth-Scope",
  identity: "X-Auth-Identity",
} as const;
export type IdentityHeaderNames = { readonly [K in keyof typeof IDENTITY_HEADERS]: string };

/** What a WebSocket is closed with whose request would be refused now; the reason is the code of that refusal. */
export const CLOSE_UNAUTHENTICATED = 4401;
