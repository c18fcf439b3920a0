import { decodeJwt } from "jose";
import { isId, uuidv7Milliseconds } from "../../lib/ids.ts";
import { BUILT_IN_CLIENT } from "../../protocol/names.ts";
import { cursorCovers } from "../../revocation/cursor.ts";
import type { RevocationTarget } from "../../revocation/entry.ts";
import type { FeedCursor } from "../../revocation/feed.ts";
import { RECEIPT_LIFE } from "../../stores/lifetimes.ts";
import type { NodeReceipt } from "../../stores/records.ts";
import type { Origin } from "../../stores/store.ts";
import {
  type Administration,
  AdministrationError,
  type RevocationReport,
  type RevocationRequest,
  type RevocationRequestTarget,
} from "./administration.ts";
import type { AdministrationDependencies } from "./store-administration.ts";
import { findUser, invalid } from "./user-administration.ts";

/** How long `wait` waits for every live gateway, and how often it looks: milliseconds. */
const WAIT = 10_000;
const LOOK_EVERY = 50;

const MAX_REASON = 200;

/** What a request comes to: the target, the session's user where it is known, and a word on it. */
interface Resolved {
  readonly target: RevocationTarget;
  readonly sub: string | null;
  readonly remark: string | null;
}

export function administerRevocations(
  dependencies: AdministrationDependencies,
  origin: Origin,
): Pick<Administration, "revoke"> {
  const { store, published, pause } = dependencies;

  /** The gateways that were live, by whether their receipt has passed the cursor. */
  async function follow(cursor: FeedCursor): Promise<{ reached: string[]; missing: string[] }> {
    const startedAt = await store.time({});
    let waiting: readonly NodeReceipt[] = [];
    const silent = new Set<string>();
    for (;;) {
      const { nodes, now } = await store.nodes({});
      // Whoever stops in good order takes its receipt back; one that ran out is of a gateway that hangs or is cut off.
      const gone = waiting.filter((before) => !nodes.some(({ node }) => node === before.node));
      for (const { node, at } of gone) if (now - at >= RECEIPT_LIFE) silent.add(node);
      waiting = nodes.filter((node) => !cursorCovers(node.cursor, cursor));
      if (waiting.length === 0 || now - startedAt >= WAIT) {
        const missing = [...silent, ...waiting.map(({ node }) => node)];
        return { reached: nodes.map(({ node }) => node).filter((node) => !missing.includes(node)), missing };
      }
      await pause(LOOK_EVERY);
    }
  }

  return {
    async revoke(request) {
      const reason = checkReason(request.reason);
      const { target, sub, remark } = await resolve(dependencies, request);
      const dryRun = request.dryRun ?? false;
      const result = await store.revoke({ target, sub, reason: "revoked", note: reason, dryRun, origin });
      if (!dryRun) await published();
      const nodes = request.wait === true && !dryRun ? await follow(result.cursor) : {};
      const notes = [remark, noteOn(target, result.sessions, dryRun)].filter((note) => note !== null);
      return {
        targets: [shown(result.entries[0]?.target ?? target)],
        sessions: result.sessions,
        users: result.users,
        dryRun,
        ...nodes,
        note: notes.join(" "),
      };
    },
  };
}

async function resolve(dependencies: AdministrationDependencies, request: RevocationRequest): Promise<Resolved> {
  const { store, config } = dependencies;
  const [kind, value] = chosen(request.target);
  const now = await store.time({});
  const before = readBefore(request.before, kind, now);
  const plain = (target: RevocationTarget): Resolved => ({ target, sub: null, remark: null });
  switch (kind) {
    case "all":
      return plain({ kind: "all", before });
    case "user":
      return plain({ kind: "user", sub: (await findUser(dependencies, value)).id, before });
    case "client": {
      const known = value === BUILT_IN_CLIENT || Object.hasOwn(config.clients, value);
      if (!known && (await store.clientById({ clientId: value })) === null) throw missing("client", value);
      return plain({ kind: "client", clientId: value, before });
    }
    case "key": {
      const { keys } = await store.keys({});
      if (!keys.some((key) => key.kid === value)) throw missing("signing key", value);
      return plain({ kind: "key", kid: value });
    }
    case "session":
      if (!isId("s", value)) throw invalid("target.session", "a session id, s_ and 22 characters");
      return plain({ kind: "session", sid: value });
    case "jti":
      if (uuidv7Milliseconds(value) === null) throw invalid("target.jti", "the jti of an access token, a UUIDv7");
      return plain({ kind: "token", jti: value });
    case "token":
      return resolveToken(dependencies, value, now);
  }
}

/**
 * A refresh token names its session. An access token is read without trust: whoever may revoke may revoke any `jti`, so a
 * forged one gains nothing.
 */
async function resolveToken(
  { decodeRefresh }: AdministrationDependencies,
  token: string,
  now: number,
): Promise<Resolved> {
  const text = token.trim();
  const refresh = await decodeRefresh(text);
  if (refresh !== null) {
    const remark = "This is a refresh token: its session has been named.";
    return { target: { kind: "session", sid: refresh.sid }, sub: refresh.sub, remark };
  }
  const { jti, exp } = claimsOf(text);
  if (jti === null) throw invalid("target.token", "an access token, or a refresh token made with the present secrets");
  const remark = exp !== null && exp * 1000 <= now ? "The token had expired already." : null;
  return { target: { kind: "token", jti }, sub: null, remark };
}

function claimsOf(text: string): { readonly jti: string | null; readonly exp: number | null } {
  try {
    const { jti, exp } = decodeJwt(text);
    const known = typeof jti === "string" && uuidv7Milliseconds(jti) !== null;
    return { jti: known ? jti : null, exp: typeof exp === "number" ? exp : null };
  } catch {
    return { jti: null, exp: null };
  }
}

type TargetKind = keyof RevocationRequestTarget;

function chosen(target: RevocationRequestTarget): readonly [TargetKind, string] {
  const given = (["token", "jti", "session", "user", "client", "key", "all"] as const).filter(
    (kind) => target[kind] !== undefined,
  );
  const [kind] = given;
  if (kind === undefined || given.length > 1) {
    throw invalid("target", "exactly one of token, jti, session, user, client, key and all");
  }
  const value = target[kind];
  return [kind, typeof value === "string" ? value : ""];
}

function readBefore(before: string | number | undefined, kind: TargetKind, now: number): number {
  if (before === undefined) return now;
  if (kind !== "user" && kind !== "client" && kind !== "all") {
    throw invalid("before", "nothing: it goes with user, client and all");
  }
  // A date without a time zone would mean another moment on every machine.
  const zoned = typeof before === "number" || /^\d{4}-\d{2}-\d{2}$|(?:Z|[+-]\d{2}:?\d{2})$/.test(before);
  const time = typeof before === "number" ? before : Date.parse(before);
  if (!zoned || !Number.isSafeInteger(time) || time < 0) {
    throw invalid("before", "a time such as 2026-01-31T12:00:00Z, or milliseconds since 1970");
  }
  if (time > now) throw invalid("before", "a time that is not in the future");
  return time;
}

function checkReason(reason: string | undefined): string | null {
  if (reason === undefined) return null;
  if (reason.length <= MAX_REASON && !/\p{Cc}/u.test(reason)) return reason;
  throw invalid("reason", `at most ${MAX_REASON} characters on one line`);
}

const missing = (what: string, name: string) =>
  new AdministrationError({ code: "not_found", detail: `There is no ${what} ${JSON.stringify(name)}` });

function shown(target: RevocationTarget): RevocationReport["targets"][number] {
  const before = "before" in target ? new Date(target.before).toISOString() : null;
  switch (target.kind) {
    case "token":
      return { kind: target.kind, id: target.jti, before };
    case "session":
      return { kind: target.kind, id: target.sid, before };
    case "user":
      return { kind: target.kind, id: target.sub, before };
    case "client":
      return { kind: target.kind, id: target.clientId, before };
    case "key":
      return { kind: target.kind, id: target.kid, before };
    case "all":
      return { kind: target.kind, id: null, before };
  }
}

function noteOn(target: RevocationTarget, sessions: number, dryRun: boolean): string {
  if (dryRun) return "Nothing has been changed.";
  switch (target.kind) {
    case "token":
      return "This access token ends; the session that it belongs to can go on refreshing.";
    case "session":
      if (sessions === 0) return "No live session has this id; access tokens that name it are refused all the same.";
      return "The session and its access tokens have ended.";
    case "user":
      return "The user's sessions and access tokens have ended; a new login works.";
    case "client":
      return "Access tokens issued to this client have ended; its secret and the sessions made through it go on.";
    case "key":
      return "Access tokens signed with this key have ended and it signs no more; sessions go on and refresh with another key.";
    case "all":
      return "Every session and every access token has ended; new logins work.";
  }
}
