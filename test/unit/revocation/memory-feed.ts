import type { RevocationEntry, RevocationTarget } from "../../../src/revocation/entry.ts";
import type { FeedCursor, FeedPage } from "../../../src/revocation/feed.ts";
import type { TokenFacts } from "../../../src/revocation/view.ts";

export const facts = (jti: string): TokenFacts => ({ jti, sid: null, sub: "u", clientId: "c", kid: "k", issuedAt: 5 });

/** A feed in memory that a test can break, hold back, replace and roll back. A position is a number and the entry's own name. */
export function memoryFeed() {
  const feed = { entries: [] as RevocationEntry[], epoch: "a", fail: false };
  const read = async (after: FeedCursor | null, limit: number): Promise<FeedPage> => {
    if (feed.fail) throw new Error("store gone");
    const from = Number(after?.[0] ?? 0);
    const entries = feed.entries.slice(from, from + Math.min(limit, 2));
    const to = from + entries.length;
    const state = [{ epoch: feed.epoch, last: String(feed.entries.length) }];
    const end = to >= feed.entries.length;
    return { entries, cursor: [String(to)], end, continues: from <= feed.entries.length, state, now: 10 };
  };
  const add = (target: RevocationTarget) => feed.entries.push({ target, at: 1, expires: 1000 });
  const publish = (jti: string) => add({ kind: "token", jti });
  const jtis = () => feed.entries.map(({ target }) => (target.kind === "token" ? target.jti : target.kind));
  return { feed, read, add, publish, jtis };
}
