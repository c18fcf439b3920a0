import type { StoreCall } from "../../src/runtime/workers/store-object.ts";

/** Where a Worker under test takes what is not for the gateway. */
export const CONTROL = "/.test-control";

export type Control =
  | { readonly kind: "advance"; readonly milliseconds: number }
  | { readonly kind: "observed" }
  | { readonly kind: "store"; readonly call: StoreCall };
