import fc from "fast-check";
import { expect, test } from "vitest";
import type { RevocationTarget } from "../../../../src/revocation/entry.ts";
import { RevocationView, type TokenFacts } from "../../../../src/revocation/view.ts";
import { NodeDatabase } from "../../../../src/runtime/node/sqlite-database.ts";
import { judgeToken, publish } from "../../../../src/stores/sqlite/feed.ts";
import { migrate } from "../../../../src/stores/sqlite/schema.ts";
import { beginStep } from "../../../../src/stores/sqlite/step.ts";

const NOW = 1_000_000;
const id = fc.constantFrom("a", "b", "c");
const time = fc.constantFrom(NOW - 2, NOW - 1, NOW);
const target: fc.Arbitrary<RevocationTarget> = fc.oneof(
  fc.record({ kind: fc.constant("token" as const), jti: id }),
  fc.record({ kind: fc.constant("session" as const), sid: id }),
  fc.record({ kind: fc.constant("user" as const), sub: id, before: time }),
  fc.record({ kind: fc.constant("client" as const), clientId: id, before: time }),
  fc.record({ kind: fc.constant("key" as const), kid: id }),
  fc.record({ kind: fc.constant("all" as const), before: fc.constant(NOW - 2) }),
);
const token: fc.Arbitrary<TokenFacts> = fc.record({
  ...{ jti: id, sid: fc.option(id), sub: id, clientId: id, kid: id, issuedAt: time },
});

test("property: the database says of a token what a view of all entries would", () => {
  fc.assert(
    fc.property(fc.array(target, { maxLength: 4 }), fc.array(token, { minLength: 1 }), (targets, tokens) => {
      const db = new NodeDatabase(":memory:", { timeout: 0, readOnly: false });
      migrate(db, "epoch");
      const step = beginStep(db, NOW);
      const view = new RevocationView();
      for (const one of targets) view.apply(publish(step, one));
      for (const facts of tokens) {
        expect(judgeToken(step, facts)).toEqual({ refused: view.refuses(facts), live: targets.length });
      }
      // Past their end entries name nothing that lives.
      expect(judgeToken(beginStep(db, NOW + 3_600_000), tokens[0] ?? expect.fail()).refused).toBe(false);
      db.close();
    }),
    { numRuns: 60 },
  );
});
