import type { Algorithm } from "../protocol/claims.ts";
import type { IdentityHeaderNames } from "../protocol/names.ts";
import type { Upstream } from "../proxy/upstream.ts";
import type { Cors, RateLimit, Route } from "../routing/route.ts";
import type { SessionLimits } from "../sessions/session.ts";

/** Where a listener binds. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export type StoreAddress =
  | { readonly kind: "sqlite"; readonly file: string }
  | { readonly kind: "redis"; readonly url: string };

/** A certificate with its chain, and its private key: PEM, or the names of files that hold it while they have not been read. */
export interface ListenerTls {
  readonly cert: string;
  readonly key: string;
}

/** The configuration after parsing: every default filled in, every duration in milliseconds, every size in bytes. */
export interface Config {
  /** An origin, or an origin with a path; no trailing slash. */
  readonly issuer: string;
  /** The origin of `issuer`: browsers' requests come from here. */
  readonly origin: string;
  readonly audience: string;
  readonly listen: ListenAddress;
  /** Of the main listener; null: plain HTTP, behind a proxy that speaks TLS. */
  readonly tls: ListenerTls | null;
  readonly operations: { readonly listen: ListenAddress };
  readonly admin: { readonly public: boolean };
  /** Prefixes reserved on the main listener, without a trailing slash. */
  readonly paths: { readonly auth: string; readonly oauth: string; readonly admin: string };
  readonly store: StoreAddress;
  readonly tokens: {
    readonly access: { readonly ttl: number; readonly alg: Algorithm };
    /** How often the signing key changes, and how long a new one is published before it signs. */
    readonly keys: { readonly rotateEvery: number; readonly publishAhead: number };
  };
  readonly sessions: SessionLimits & { readonly dataMax: number };
  readonly revocation: {
    readonly maxStaleness: number;
    readonly minReplicas: number;
    /** Streams of `/auth/revocations` at once. */
    readonly maxFollowers: number;
  };
  readonly passwords: {
    readonly minLength: number;
    /** argon2id: KiB, passes, lanes. */
    readonly memory: number;
    readonly iterations: number;
    readonly parallelism: number;
    /** Hashes at once, and how many may wait. */
    readonly concurrency: number;
    readonly queue: number;
  };
  readonly registration: boolean;
  /** Roles that a registered user gets. */
  readonly registrationRoles: readonly string[];
  readonly login: {
    /** The gateway that passwords are handed to on Workers; null: they are hashed there. */
    readonly origin: string | null;
    /** Where a page load without a session is sent; null: 401. */
    readonly page: string | null;
    /** Absolute URLs that `return_to` may name besides relative paths. */
    readonly returnTo: readonly string[];
    readonly limits: {
      readonly perAccount: { readonly attempts: number; readonly window: number };
      readonly perAddress: { readonly attempts: number; readonly window: number };
    };
  };
  /** Where no route says otherwise. */
  readonly cors: Cors;
  /** CIDR blocks. */
  readonly trustedProxies: readonly string[];
  readonly roles: Readonly<Record<string, { readonly scopes: readonly string[] }>>;
  readonly clients: Readonly<Record<string, { readonly secretHash: string; readonly scopes: readonly string[] }>>;
  readonly identityHeaders: IdentityHeaderNames;
  readonly upstreams: Readonly<Record<string, Upstream>>;
  readonly routes: readonly Route[];
  /** Over all routes together. */
  readonly limits: readonly RateLimit[];
  readonly audit: { readonly keep: number; readonly max: number };
  readonly log: { readonly level: "error" | "warn" | "info" | "debug"; readonly access: boolean };
  /** Processes that serve. */
  readonly workers: number | "auto";
  /** Milliseconds. */
  readonly shutdown: { readonly delay: number; readonly drain: number };
  /** Of clients, on each listener: how many, and the milliseconds after which one is let go that takes nothing of its answer. */
  readonly connections: { readonly max: number; readonly sendTimeout: number };
  /** Bytes of a body that Postern's own endpoints read. */
  readonly maxBody: number;
  /** Milliseconds that a call to the store may take. */
  readonly storeTimeout: number;
}

/** What comes from the environment only. */
export interface Secrets {
  /** `POSTERN_SECRET`, then `POSTERN_SECRET_PREVIOUS`. */
  readonly secret: string;
  readonly previous: string | null;
  readonly adminToken: string | null;
}
