import type { Problem } from "../../protocol/errors.ts";
import type { AuditRecord } from "../../stores/records.ts";

/**
 * What operators can do. One interface, two ways to it: on a store (`store-administration.ts`, which the admin API serves and
 * the commands use), and on a running gateway over HTTP (the commands' `--url`). The HTTP API under `<operations>/admin`
 * answers 200 with exactly what the method resolves to as JSON (201 for `createUser` and `createClient`, 204 for undefined).
 * Times are ISO 8601 in UTC, by the store's clock. Methods reject with AdministrationError, or with the store's errors.
 */
export interface Administration {
  /** `GET /admin/users?after=&limit=`: by name; `after` is the `next` of the page before. */
  users(page: { readonly after: string | null; readonly limit: number }): Promise<UserPage>;
  /** `GET /admin/users/:nameOrId` */
  user(nameOrId: string): Promise<UserView>;
  /** `POST /admin/users` */
  createUser(user: NewUser): Promise<UserView>;
  /** `PATCH /admin/users/:nameOrId`: everything is checked before anything is changed. */
  updateUser(nameOrId: string, change: UserChange): Promise<UserView>;
  /** `DELETE /admin/users/:nameOrId` */
  deleteUser(nameOrId: string): Promise<void>;
  /** `GET /admin/users/:nameOrId/sessions` */
  sessions(nameOrId: string): Promise<{ readonly sessions: readonly SessionView[] }>;
  /** `DELETE /admin/sessions/:sid?user=`: `user` spares the store a search. Repeating it publishes again. */
  endSession(sid: string, user: string | null): Promise<{ readonly existed: boolean }>;
  /** `POST /admin/revocations` */
  revoke(request: RevocationRequest): Promise<RevocationReport>;
  /** `GET /admin/nodes` */
  nodes(): Promise<{ readonly nodes: readonly NodeView[] }>;
  /** `GET /admin/audit?after=&limit=&user=`: oldest first; without `after` the newest `limit`. */
  audit(page: {
    readonly after: string | null;
    readonly limit: number;
    readonly user: string | null;
  }): Promise<AuditPage>;
  /** `GET /admin/clients`: those of the configuration and those made by command. */
  clients(): Promise<{ readonly clients: readonly ClientView[] }>;
  /** `POST /admin/clients` */
  createClient(client: NewClient): Promise<ClientView & ClientSecret>;
  /** `POST /admin/clients/:id/secret`: the old secret ends at once. */
  rotateClientSecret(id: string): Promise<ClientSecret>;
  /** `DELETE /admin/clients/:id`: its access tokens end too. */
  removeClient(id: string): Promise<void>;
  /** `GET /admin/keys` */
  keys(): Promise<{ readonly keys: readonly KeyView[] }>;
  /** `POST /admin/keys/rotate`: publishes a new key, which signs once every gateway and upstream can know it. */
  rotateKeys(): Promise<{ readonly keys: readonly KeyView[] }>;
}

/** Refused, and why: the admin API answers with `problem`, the commands print its detail. */
export class AdministrationError extends Error {
  override readonly name = "AdministrationError";
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail ?? problem.code);
    this.problem = problem;
  }
}

export interface UserView {
  readonly id: string;
  readonly username: string;
  readonly roles: readonly string[];
  readonly disabled: boolean;
  /** Whether a password is set. */
  readonly password: boolean;
  readonly createdAt: string;
}

export interface UserPage {
  readonly users: readonly UserView[];
  /** Null on the last page. */
  readonly next: string | null;
}

export interface NewUser {
  readonly username: string;
  readonly password?: string | undefined;
  /** argon2id in PHC string form, for accounts that come from elsewhere; not together with `password`. */
  readonly passwordHash?: string | undefined;
  readonly roles?: readonly string[] | undefined;
}

/** `roles` replaces the list; `password` ends every session of the user, `disabled: true` too. */
export interface UserChange {
  readonly roles?: readonly string[] | undefined;
  readonly disabled?: boolean | undefined;
  readonly password?: string | undefined;
}

export interface SessionView {
  readonly id: string;
  readonly user: string;
  readonly client: string;
  readonly channel: "cookie" | "body";
  readonly createdAt: string;
  readonly lastUsedAt: string;
  /** When it ends unless it is used, and at the latest. */
  readonly idleEndsAt: string;
  readonly absoluteEndsAt: string;
  readonly address: string;
  readonly userAgent: string;
}

/** Exactly one member. `token`: an access or a refresh token as text; `user`: name or id. */
export interface RevocationRequestTarget {
  readonly token?: string | undefined;
  readonly jti?: string | undefined;
  readonly session?: string | undefined;
  readonly user?: string | undefined;
  readonly client?: string | undefined;
  readonly key?: string | undefined;
  readonly all?: true | undefined;
}

export interface RevocationRequest {
  readonly target: RevocationRequestTarget;
  /** ISO 8601 or milliseconds since 1970; with `user`, `client` and `all`: what was issued later goes on. Default: now. */
  readonly before?: string | number | undefined;
  /** For the audit trail. */
  readonly reason?: string | undefined;
  /** Change nothing and say what would be. */
  readonly dryRun?: boolean | undefined;
  /** Answer when every live gateway has seen it, or after 10 s naming those that have not. */
  readonly wait?: boolean | undefined;
}

export interface RevocationReport {
  readonly targets: readonly { readonly kind: string; readonly id: string | null; readonly before: string | null }[];
  readonly sessions: number;
  readonly users: number;
  readonly dryRun: boolean;
  /** With `wait`: gateways that have seen it, and those that had not in time. */
  readonly reached?: readonly string[];
  readonly missing?: readonly string[];
  /** What this does and does not end, for people. */
  readonly note: string;
}

export interface NodeView {
  readonly node: string;
  readonly version: string;
  /** What its configuration is called, the same on all that have the same options; null where it does not say. */
  readonly config: string | null;
  readonly startedAt: string;
  readonly seenAt: string;
}

export interface AuditView extends Omit<AuditRecord, "at"> {
  readonly at: string;
}

export interface AuditPage {
  readonly records: readonly AuditView[];
  /** What to ask with as `after` for what comes later; null where there is nothing yet. */
  readonly next: string | null;
}

export interface NewClient {
  readonly name: string;
  readonly scopes: readonly string[];
}

export interface ClientView {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly source: "configuration" | "store";
  /** Null for one of the configuration. */
  readonly createdAt: string | null;
}

/** Shown once: only its hash is kept. */
export interface ClientSecret {
  readonly id: string;
  readonly secret: string;
}

export interface KeyView {
  readonly kid: string;
  readonly alg: string;
  /** `waiting`: published, not signing yet; `verifying`: signs no more, its tokens are still good. */
  readonly state: "waiting" | "signing" | "verifying" | "revoked";
  readonly createdAt: string;
  readonly signsFrom: string;
  readonly signsUntil: string;
  readonly removeAt: string;
}
