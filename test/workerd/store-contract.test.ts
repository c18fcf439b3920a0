import { afterAll, beforeAll, expect, test } from "vitest";
import { storeContract } from "../contract/store-contract.ts";
import { type ObjectStores, startObjectStores } from "../support/object-stores.ts";

let stores: ObjectStores;
beforeAll(async () => {
  stores = await startObjectStores();
});
afterAll(() => stores.stop());

storeContract("a Durable Object's SQLite", async () => {
  let offset = 0;
  const store = stores.open(() => offset);
  return {
    store,
    advance(milliseconds) {
      offset += milliseconds;
    },
    close: () => store.close(),
  };
});

test("says of one token what an isolate would that held all revocations", async () => {
  const store = stores.open(() => 0);
  const facts = { jti: "j", sid: "s", sub: "u", clientId: "c", kid: "k", issuedAt: 1 };
  expect(await store.judge(facts)).toEqual({ refused: false, live: 0, cursor: ["0"] });
  const origin = { actor: "cli", address: null };
  const about = { sub: null, reason: "revoked", note: null, dryRun: false, origin } as const;
  await store.revoke({ target: { kind: "key", kid: "k" }, ...about });
  expect(await store.judge(facts)).toEqual({ refused: true, live: 1, cursor: ["1"] });
  expect(await store.judge({ ...facts, kid: "other" })).toMatchObject({ refused: false });
});
