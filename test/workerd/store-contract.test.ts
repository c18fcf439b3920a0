import { afterAll, beforeAll } from "vitest";
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
