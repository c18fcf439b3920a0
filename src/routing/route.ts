import type { HeaderList } from "../lib/header-list.ts";

/** Who may pass. `scopes`: all of them; `roles`: one of them; `maxAge`: milliseconds since the last login (RFC 9470). */
export type Access =
  | { readonly kind: "public" }
  | { readonly kind: "optional" }
  | {
      readonly kind: "required";
      readonly scopes: readonly string[];
      readonly roles: readonly string[];
      readonly maxAge: number | null;
    };

/** How many requests are let through. A full bucket holds `burst`; it gets `requests` back in each `window` of milliseconds. */
export interface RateLimit {
  /** Whose requests share a bucket: those from one address (IPv6: one /64), of one user, or by one client's tokens. */
  readonly by: "address" | "user" | "client";
  readonly requests: number;
  readonly window: number;
  readonly burst: number;
}

/** Which pages of other origins may read answers (Fetch §3.2); fields as they are sent. */
export interface Cors {
  /** Exactly these; `*` alone: every one, without credentials. */
  readonly origins: readonly string[];
  readonly credentials: boolean;
  readonly methods: string;
  /** Null: whichever are asked for. */
  readonly headers: string | null;
  readonly expose: string;
  readonly maxAge: string;
  /** Whether an upstream's own word on it does not pass. */
  readonly alone: boolean;
}

/** How a path is changed before it is sent: the prefix `strip` goes, `add` comes in its place. Without trailing slashes; empty: none. */
export interface Rewrite {
  readonly strip: string;
  readonly add: string;
}

/** What is changed about a message's header lines. */
export interface HeaderRules {
  /** Put in place of whatever has these names. */
  readonly set: HeaderList;
  /** Names in lower case that do not pass: those that are set among them. */
  readonly drop: readonly string[];
}

/** One rule of the configuration, ready to use. */
export interface Route {
  /** Lower case, without a port; null for every host. */
  readonly host: string | null;
  /** Exact (`/a`), or a prefix (`/a/*`, which also matches `/a`). */
  readonly path: string;
  /** Upper case; null for every method. `GET` is `HEAD` too, unless a route of the same host and path names that. */
  readonly methods: readonly string[] | null;
  readonly access: Access;
  /** Name of the upstream; null for a route that only forward auth asks about. */
  readonly upstream: string | null;
  readonly credentials: "bearer" | "session";
  readonly onStale: "refuse" | "serve";
  readonly forwardAuthorization: boolean;
  /** True: `%2f`, `//` and the like are passed on this route instead of refused. */
  readonly allowAmbiguousPath: boolean;
  readonly websocket: boolean;
  /** What an open stream lives as long as; without a session it is the token in any case. */
  readonly streams: "session" | "token";
  /** All of them hold. */
  readonly limits: readonly RateLimit[];
  /** Null: the upstream's to say. */
  readonly cors: Cors | null;
  /** Bytes of a request's body that pass; null: any number. */
  readonly maxBody: number | null;
  readonly rewrite: Rewrite | null;
  readonly requestHeaders: HeaderRules | null;
  /** Of what the upstream answers. */
  readonly responseHeaders: HeaderRules | null;
}

export type RouteMatch =
  | { readonly kind: "route"; readonly route: Route }
  | { readonly kind: "not_found" }
  | { readonly kind: "method_not_allowed"; readonly allow: string }
  | { readonly kind: "ambiguous_path" };
