import type { AttemptBucket } from "../accounts/login-limits.ts";
import type { Client, User } from "../accounts/records.ts";
import type { StoredKey } from "../keys/stored-key.ts";
import type { HeldRevocation, RevocationEntry, RevocationTarget } from "../revocation/entry.ts";
import type { FeedCursor, FeedNews, FeedPage, FollowedHistory } from "../revocation/feed.ts";
import type { EndReason } from "../sessions/end-reason.ts";
import type { RefreshRequest, RefreshResult } from "../sessions/refresh.ts";
import type { NewSession, Session, SessionLimits } from "../sessions/session.ts";
import type { AuditEvent, AuditRecord, NodeReceipt } from "./records.ts";

export type { AttemptBucket } from "../accounts/login-limits.ts";

/**
 * Why a call failed. `refused` is an answer (the store is full, or has too few replicas), after which another call may well
 * succeed; `unsuitable`: it is there and must not be used as it is set up; `other_history`: what was ended is not all known to it,
 * see `follows`; `breaker_open`: it was not asked, because it has not been answering.
 */
export type StoreTrouble = "unreachable" | "refused" | "unsuitable" | "other_history" | "breaker_open";

/** What was asked has not been done and will not be done later. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
  readonly trouble: StoreTrouble;
  constructor(message: string, trouble: StoreTrouble = "unreachable") {
    super(message);
    this.trouble = trouble;
  }
}
/** The store was asked and did not confirm in time: it may have been done. Asking again is safe. */
export class StoreOutcomeUnknown extends Error {
  override readonly name = "StoreOutcomeUnknown";
  readonly trouble: StoreTrouble;
  constructor(message: string, trouble: StoreTrouble = "unreachable") {
    super(message);
    this.trouble = trouble;
  }
}

/** Who asks, for the audit trail. */
export interface Origin {
  readonly actor: string;
  readonly address: string | null;
}

export type CreateSessionResult =
  | {
      readonly ok: true;
      readonly user: User;
      readonly session: Session;
      /** Time of issue for the access token: later than every not-before that would refuse it. */
      readonly issuedAt: number;
      /** Why sessions ended with this login, one reason each. */
      readonly ended: readonly EndReason[];
    }
  | { readonly ok: false; readonly reason: "no_such_user" | "disabled" | "password_changed" };

/** What a revocation did. */
export interface RevokeResult {
  /** The entries that were published, in order. */
  readonly entries: readonly RevocationEntry[];
  /** The feed's position after them, for `--wait`. */
  readonly cursor: FeedCursor;
  /** How many sessions it ended. */
  readonly sessions: number;
  /** How many users it was about that exist. */
  readonly users: number;
}

export type AttemptResult =
  | { readonly ok: true }
  /** `retryAfter` in milliseconds; `key` names the bucket that is full. */
  | { readonly ok: false; readonly retryAfter: number; readonly key: string };

/** The state of a session's data: JSON text and its version, which starts at 0 with `{}`. */
export interface SessionData {
  readonly json: string;
  readonly version: number;
}

export interface SweepLimits {
  readonly auditKeep: number;
  readonly auditMax: number;
  /** Rows a call at most, so that no call holds the store for long. */
  readonly batch: number;
}

export interface SweepResult {
  readonly more: boolean;
  /** How many sessions were found past their idle and their absolute end. */
  readonly idle: number;
  readonly absolute: number;
}

/**
 * Where users, clients, sessions, keys, revocations, limits and the audit trail live. Every call is one atomic step, the
 * publishing of its revocation entries and its audit records included. Arguments and results are plain data. Every call
 * rejects with StoreUnavailable or StoreOutcomeUnknown and with nothing else that a caller should expect; a write is done
 * before its deadline by the store's clock or not at all. Both adapters pass test/contract.
 */
export interface Store {
  /** The store's clock, milliseconds since 1970. */
  time(input: Record<never, never>): Promise<number>;

  // Users.
  /** `conflict`: the name is taken. Told as `registered` where the user is its own actor, else as `user_created`. */
  createUser(input: {
    readonly user: Pick<User, "id" | "username" | "usernameKey" | "passwordHash" | "roles">;
    readonly origin: Origin;
  }): Promise<{ readonly ok: true; readonly user: User } | { readonly ok: false; readonly reason: "conflict" }>;
  userByName(input: { readonly usernameKey: string }): Promise<User | null>;
  userById(input: { readonly sub: string }): Promise<User | null>;
  /** Ordered by `usernameKey`, those after `after`. */
  listUsers(input: { readonly after: string | null; readonly limit: number }): Promise<readonly User[]>;
  /**
   * Sets the hash and, with `endSessions`, ends every session but `keep`. With `expected` it does nothing unless that is the
   * present hash (rehash at login, change with the current password). A rehash (`expected` without `endSessions`) is no event.
   */
  setPassword(input: {
    readonly sub: string;
    readonly passwordHash: string;
    readonly expected: string | null;
    readonly endSessions: boolean;
    readonly keep: string | null;
    readonly origin: Origin;
  }): Promise<{ readonly ok: boolean; readonly sessions: number }>;
  /** Publishes a user-before entry for access tokens only; sessions go on. The same roles again do nothing. Null: no such user. */
  setRoles(input: {
    readonly sub: string;
    readonly roles: readonly string[];
    readonly origin: Origin;
  }): Promise<User | null>;
  /** Disabling ends every session of the user: `sessions`. Null: no such user. */
  setDisabled(input: {
    readonly sub: string;
    readonly disabled: boolean;
    readonly origin: Origin;
  }): Promise<{ readonly user: User; readonly sessions: number } | null>;
  /** Ends every session and removes the record. Null: no such user. */
  deleteUser(input: { readonly sub: string; readonly origin: Origin }): Promise<{ readonly sessions: number } | null>;

  // Sessions.
  /**
   * `expectedHash`: the password hash that the login was checked against; the session is not made if it has changed since.
   * `replace`: a session of the same or another user, shown by the login's refresh cookie, that ends in the same step where
   * both users share a partition, and just before it where they do not.
   */
  createSession(input: {
    readonly session: NewSession;
    readonly limits: SessionLimits;
    readonly expectedHash: string | null;
    readonly replace: { readonly sub: string; readonly sid: string } | null;
    readonly origin: Origin;
  }): Promise<CreateSessionResult>;
  refreshSession(input: RefreshRequest): Promise<RefreshResult>;
  /** Live sessions only. */
  session(input: { readonly sub: string; readonly sid: string }): Promise<Session | null>;
  sessions(input: { readonly sub: string }): Promise<readonly Session[]>;
  /** Ends one session. Publishes its entry whether or not a record is left, so that repeating it heals. */
  endSession(input: {
    readonly sub: string;
    readonly sid: string;
    readonly reason: EndReason;
    readonly origin: Origin;
  }): Promise<{ readonly existed: boolean; readonly cursor: FeedCursor }>;
  /** Null: no live session. */
  sessionData(input: { readonly sub: string; readonly sid: string }): Promise<SessionData | null>;
  /** `conflict`: the version is no longer `expected`. Null: no live session. */
  writeSessionData(input: {
    readonly sub: string;
    readonly sid: string;
    readonly json: string;
    readonly expected: number;
  }): Promise<
    { readonly ok: true; readonly version: number } | { readonly ok: false; readonly reason: "conflict" } | null
  >;

  // Revocation.
  /**
   * `session`, `user` and `all` end sessions and their tokens; `token`, `client` and `key` end access tokens only. A `before`
   * in the future is taken as now. With `dryRun` nothing is changed and the counts say what would be.
   */
  revoke(input: {
    readonly target: RevocationTarget;
    /** The session's user where the caller knows it (`session` only); else the store finds it. */
    readonly sub: string | null;
    readonly reason: EndReason;
    readonly note: string | null;
    readonly dryRun: boolean;
    readonly origin: Origin;
  }): Promise<RevokeResult>;
  /** Entries after `after` (null: from the start), at most `limit`. */
  readFeed(input: { readonly after: FeedCursor | null; readonly limit: number }): Promise<FeedPage>;
  /**
   * Waits for entries after `after`, `wait` milliseconds at most. Null: none came that go on from there. A store that cannot tell
   * when one comes does not wait.
   */
  awaitFeed(input: {
    readonly after: FeedCursor;
    readonly limit: number;
    readonly wait: number;
  }): Promise<FeedNews | null>;
  /**
   * After a wipe: publishes a revocation of every access token issued so far in each partition whose epoch is not that of `from`,
   * unless that has been done since `seen` by somebody who came from the same. `seen`: the store's clock as the caller last saw it.
   */
  sealFeed(input: { readonly from: readonly string[]; readonly seen: number }): Promise<void>;
  /** Publishes again what a store has lost and a gateway still holds, and ends again the sessions and users that are named. */
  restore(input: { readonly revocations: readonly HeldRevocation[] }): Promise<void>;

  // Clients that were made by command; those of the configuration are not in the store.
  createClient(input: { readonly client: Omit<Client, "createdAt">; readonly origin: Origin }): Promise<Client>;
  clientById(input: { readonly clientId: string }): Promise<Client | null>;
  listClients(input: Record<never, never>): Promise<readonly Client[]>;
  rotateClientSecret(input: {
    readonly clientId: string;
    readonly secretHash: string;
    readonly origin: Origin;
  }): Promise<boolean>;
  /** Also publishes a client-before entry. */
  removeClient(input: { readonly clientId: string; readonly origin: Origin }): Promise<boolean>;
  /** A time of issue for a client's token: later than every not-before that would refuse it. */
  clientIssueTime(input: { readonly clientId: string }): Promise<number>;

  // Signing keys.
  keys(input: Record<never, never>): Promise<{ readonly keys: readonly StoredKey[]; readonly now: number }>;
  /** Adds a key unless the newest kid is no longer `expectedNewest`: of racing gateways one wins. */
  addKey(input: { readonly key: StoredKey; readonly expectedNewest: string | null }): Promise<boolean>;
  /** Wraps a key anew after a change of secret, unless somebody else did. */
  rewrapKey(input: {
    readonly kid: string;
    readonly wrappedPrivate: string;
    readonly secretId: string;
    readonly expectedSecretId: string;
  }): Promise<boolean>;

  // Login limits.
  /** Takes an attempt from every bucket, or from none when one is full. Taken before the password is checked, so that parallel guesses count. */
  takeAttempts(input: { readonly buckets: readonly AttemptBucket[] }): Promise<AttemptResult>;
  /** Gives an attempt back to every bucket: the login succeeded, or was never checked. */
  returnAttempts(input: { readonly buckets: readonly AttemptBucket[] }): Promise<void>;

  // Audit trail.
  /**
   * `login_failed` and `login_limited` are counted in one record an account and minute, as are refused refreshes (other
   * client, ahead, forged) in one a session and minute: nobody can drive out the rest of the trail.
   */
  audit(input: { readonly event: AuditEvent }): Promise<void>;
  /** Oldest first, those after `after` (null: the newest `limit`). */
  listAudit(input: {
    readonly after: string | null;
    readonly limit: number;
    readonly sub: string | null;
  }): Promise<readonly AuditRecord[]>;

  // Nodes and upkeep.
  /** Writes a gateway's receipt and the longest access-token lifetime (ms) that it issues, by which revocations are kept. */
  announce(input: { readonly receipt: Omit<NodeReceipt, "at">; readonly accessTtl: number }): Promise<void>;
  /** The gateways whose receipts have not outlived RECEIPT_LIFE (lifetimes.ts), and the store's clock. */
  nodes(input: Record<never, never>): Promise<{ readonly nodes: readonly NodeReceipt[]; readonly now: number }>;
  retire(input: { readonly node: string }): Promise<void>;
  /** Removes what has expired, and tells of sessions that ended so; `more` when a batch was full. */
  sweep(input: SweepLimits): Promise<SweepResult>;

  /**
   * From now on nothing is judged or changed where the store's history does not go on from this one, and such a call rejects with
   * `other_history`: a store that was wiped or rolled back does not know what it ended. `sealFeed`, `restore` and reads of the feed
   * go on. A store whose history cannot change under its caller compares nothing.
   */
  readonly follows: (history: FollowedHistory) => void;

  close(): Promise<void>;
}
