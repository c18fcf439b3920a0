import { onTestFinished } from "vitest";
import type { User } from "../../src/accounts/records.ts";
import { newId } from "../../src/lib/ids.ts";
import type { RevocationTarget } from "../../src/revocation/entry.ts";
import type { RefreshRequest, RefreshResult } from "../../src/sessions/refresh.ts";
import type { NewSession, Session, SessionLimits } from "../../src/sessions/session.ts";
import type { Origin, Store } from "../../src/stores/store.ts";

/** A store of its own for one test, and the one thing that the port cannot do: let time pass. */
export interface TestStore {
  readonly store: Store;
  /** Moves the store's clock; negative sets it back. */
  advance(milliseconds: number): void;
  close(): Promise<void>;
}
export type OpenTestStore = () => Promise<TestStore>;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const DAY = 24 * 60 * MINUTE;
export const LIMITS: SessionLimits = { idle: 14 * DAY, absolute: 90 * DAY, grace: 15 * SECOND, maxPerUser: 100 };
export const CLI: Origin = { actor: "cli", address: null };

export class Subject {
  readonly store: Store;
  readonly advance: (milliseconds: number) => void;

  constructor(opened: TestStore) {
    this.store = opened.store;
    this.advance = opened.advance;
  }

  now(): Promise<number> {
    return this.store.time({});
  }

  async user(name = "ada", more: { readonly roles?: readonly string[] } = {}): Promise<User> {
    const created = await this.store.createUser({
      user: { id: newId("u"), username: name, usernameKey: name, passwordHash: "hash", roles: more.roles ?? ["user"] },
      origin: CLI,
    });
    if (!created.ok) throw new Error(`the name ${name} is taken`);
    return created.user;
  }

  async login(
    user: User,
    change: Partial<NewSession> & { readonly limits?: Partial<SessionLimits> } = {},
  ): Promise<Session & { readonly issuedAt: number }> {
    const { limits, ...more } = change;
    const created = await this.store.createSession({
      session: newSession(user, more),
      limits: { ...LIMITS, ...limits },
      expectedHash: null,
      replace: null,
      origin: { actor: user.id, address: "192.0.2.1" },
    });
    if (!created.ok) throw new Error(`no session: ${created.reason}`);
    return { ...created.session, issuedAt: created.issuedAt };
  }

  refresh(session: Session, generation: number, change: Partial<RefreshRequest> = {}): Promise<RefreshResult> {
    return this.store.refreshSession(refreshRequest(session, generation, change));
  }

  /** Everything that has been published, oldest first, as `kind subject`. */
  async published(): Promise<string[]> {
    const page = await this.store.readFeed({ after: null, limit: 10_000 });
    return page.entries.map(({ target }) => textOf(target));
  }

  /** The kinds of the audit trail's records, oldest first. */
  async audited(): Promise<string[]> {
    const records = await this.store.listAudit({ after: null, limit: 10_000, sub: null });
    return records.map(({ kind }) => kind);
  }
}

function textOf(target: RevocationTarget): string {
  switch (target.kind) {
    case "token":
      return `token ${target.jti}`;
    case "session":
      return `session ${target.sid}`;
    case "user":
      return `user ${target.sub}`;
    case "client":
      return `client ${target.clientId}`;
    case "key":
      return `key ${target.kid}`;
    case "all":
      return "all";
  }
}

export function newSession(user: User, change: Partial<NewSession> = {}): NewSession {
  return {
    sid: newId("s"),
    sub: user.id,
    clientId: "postern",
    channel: "cookie",
    amr: ["pwd"],
    scopes: null,
    rHash: "r-hash",
    secretId: "secret-1",
    context: "gecko linux",
    address: "192.0.2.1",
    userAgent: "Firefox",
    ...change,
  };
}

export function refreshRequest(
  session: Session,
  generation: number,
  change: Partial<RefreshRequest> = {},
): RefreshRequest {
  return {
    sub: session.sub,
    sid: session.sid,
    generation,
    rHash: session.rHash,
    secretId: "secret-1",
    context: "gecko linux",
    address: "192.0.2.2",
    userAgent: "Firefox 2",
    rotate: true,
    limits: LIMITS,
    ...change,
  };
}

/** Opens a store for each test and closes it with the test. */
export function subjectOf(open: OpenTestStore): () => Promise<Subject> {
  return async () => {
    const opened = await open();
    onTestFinished(() => opened.close());
    return new Subject(opened);
  };
}
