import type { HeldRevocation, RevocationEntry, RevocationTarget } from "./entry.ts";
import { IdTable } from "./id-table.ts";
import { idWords, prefixedIdOf, uuidOf } from "./id-words.ts";

/** What the view needs to know of a token. */
export interface TokenFacts {
  readonly jti: string;
  readonly sid: string | null;
  readonly sub: string;
  readonly clientId: string;
  readonly kid: string;
  /** Milliseconds in `jti`. */
  readonly issuedAt: number;
}

/** Whether any live revocation names a token: known here, or asked for elsewhere. A promise rejects where nobody can say. */
export interface RevocationJudge {
  refuses(token: TokenFacts): boolean | Promise<boolean>;
}

/** A view as who has asked it before asks again: only where it has changed since. */
export type RevisedView = Pick<RevocationView, "revision" | "refuses">;

interface Named {
  readonly before: number;
  readonly expires: number;
}

/** A gateway's replica of the live revocation entries, in memory and exact. Applying an entry twice changes nothing. */
export class RevocationView {
  #tokens = new IdTable();
  #sessions = new IdTable();
  #users = new IdTable();
  /** Clients, keys, and ids that are not of our own making. */
  readonly #named = new Map<string, Named>();
  #all: Named = { before: -1, expires: 0 };
  readonly #words = new Uint32Array(4);
  #revision = 0;

  /** Another one after each entry. */
  get revision(): number {
    return this.#revision;
  }

  get size(): number {
    return this.#tokens.size + this.#sessions.size + this.#users.size + this.#named.size;
  }

  apply({ target, expires }: HeldRevocation | RevocationEntry): void {
    this.#revision++;
    switch (target.kind) {
      case "token":
        this.#put(this.#tokens, "token", target.jti, Number.MAX_VALUE, expires);
        break;
      case "session":
        this.#put(this.#sessions, "session", target.sid, Number.MAX_VALUE, expires);
        break;
      case "user":
        this.#put(this.#users, "user", target.sub, target.before, expires);
        break;
      case "client":
        this.#name("client", target.clientId, target.before, expires);
        break;
      case "key":
        this.#name("key", target.kid, Number.MAX_VALUE, expires);
        break;
      case "all":
        this.#all = {
          before: Math.max(this.#all.before, target.before),
          expires: Math.max(this.#all.expires, expires),
        };
        break;
      default:
        target satisfies never;
    }
  }

  /** Whether any live entry names the token. */
  refuses(token: TokenFacts): boolean {
    const { issuedAt } = token;
    if (this.#all.before >= issuedAt) return true;
    if (this.#before(this.#tokens, "token", token.jti) >= issuedAt) return true;
    if (token.sid !== null && this.#before(this.#sessions, "session", token.sid) >= issuedAt) return true;
    if (this.#before(this.#users, "user", token.sub) >= issuedAt) return true;
    if (this.#named.size === 0) return false;
    return this.#namedBefore("client", token.clientId) >= issuedAt || this.#namedBefore("key", token.kid) >= issuedAt;
  }

  /** Whether nothing would change if the target were applied. */
  holds(target: RevocationTarget): boolean {
    switch (target.kind) {
      case "token":
        return this.#before(this.#tokens, "token", target.jti) >= 0;
      case "session":
        return this.#before(this.#sessions, "session", target.sid) >= 0;
      case "user":
        return this.#before(this.#users, "user", target.sub) >= target.before;
      case "client":
        return this.#namedBefore("client", target.clientId) >= target.before;
      case "key":
        return this.#namedBefore("key", target.kid) >= 0;
      case "all":
        return this.#all.before >= target.before;
    }
  }

  /** What is held and has not expired, to be written back to a store that has lost it. */
  held(now: number): HeldRevocation[] {
    return [...this.pages(now)].flat();
  }

  /**
   * What is held and has not expired, piece by piece, so that a million entries hold up nobody. What is applied after the first piece
   * was taken may be missing.
   */
  *pages(now: number): Generator<HeldRevocation[]> {
    yield this.#few(now);
    yield* this.#users.pages(now, (id, before, expires) => ({
      target: { kind: "user", sub: prefixedIdOf("u", id), before },
      expires,
    }));
    yield* this.#sessions.pages(now, (id, _before, expires) => ({
      target: { kind: "session", sid: prefixedIdOf("s", id) },
      expires,
    }));
    yield* this.#tokens.pages(now, (id, _before, expires) => ({ target: { kind: "token", jti: uuidOf(id) }, expires }));
  }

  /** What is in no table of ids. */
  #few(now: number): HeldRevocation[] {
    const held: HeldRevocation[] = [];
    if (this.#all.expires > now) {
      held.push({ target: { kind: "all", before: this.#all.before }, expires: this.#all.expires });
    }
    for (const [name, { before, expires }] of this.#named) {
      const target = namedTarget(name, before);
      if (expires > now && target !== null) held.push({ target, expires });
    }
    return held;
  }

  /** Forgets entries whose tokens have all expired. `now`: milliseconds by the store's clock. */
  trim(now: number): void {
    for (const table of [this.#tokens, this.#sessions, this.#users]) table.trim(now);
    for (const [name, { expires }] of this.#named) if (expires <= now) this.#named.delete(name);
  }

  /** Forgets everything, and gives its memory back. */
  clear(): void {
    this.#tokens = new IdTable();
    this.#sessions = new IdTable();
    this.#users = new IdTable();
    this.#named.clear();
    this.#all = { before: -1, expires: 0 };
  }

  #put(table: IdTable, kind: string, id: string, before: number, expires: number): void {
    if (idWords(id, this.#words)) table.set(this.#words, before, expires);
    else this.#name(kind, id, before, expires);
  }

  #before(table: IdTable, kind: string, id: string): number {
    if (table.size === 0 && this.#named.size === 0) return -1;
    return idWords(id, this.#words) ? table.get(this.#words) : this.#namedBefore(kind, id);
  }

  #name(kind: string, id: string, before: number, expires: number): void {
    const key = `${kind} ${id}`;
    const held = this.#named.get(key);
    this.#named.set(key, {
      before: Math.max(before, held?.before ?? 0),
      expires: Math.max(expires, held?.expires ?? 0),
    });
  }

  #namedBefore(kind: string, id: string): number {
    return this.#named.get(`${kind} ${id}`)?.before ?? -1;
  }
}

/** What a name in the map stands for. */
function namedTarget(name: string, before: number): RevocationTarget | null {
  const space = name.indexOf(" ");
  const subject = name.slice(space + 1);
  switch (name.slice(0, space)) {
    case "token":
      return { kind: "token", jti: subject };
    case "session":
      return { kind: "session", sid: subject };
    case "user":
      return { kind: "user", sub: subject, before };
    case "client":
      return { kind: "client", clientId: subject, before };
    case "key":
      return { kind: "key", kid: subject };
    default:
      return null;
  }
}
