import { readStore } from "../../src/config/network.ts";
import { openStore } from "../../src/runtime/node/open-store.ts";
import type { Store } from "../../src/stores/store.ts";

/** Opens the store that a gateway works on, beside it. */
export async function storeOf({ store: url }: { readonly store: string }): Promise<Store> {
  const address = readStore(url);
  if (address === null) throw new Error(`${url} is no store`);
  return openStore(address, { timeout: 10_000 });
}
