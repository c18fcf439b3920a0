import type { Config } from "../config/config.ts";
import type { HeaderList } from "../lib/header-list.ts";
import type { Observe } from "../observe/observation.ts";
import type { Principal } from "../tokens/principal.ts";
import type { Decide } from "./decision.ts";

/**
 * One gateway, free of any runtime. A transport asks `isReserved` first: what is reserved goes to `endpoints`, everything else
 * to `decide`, and what passes is sent to its upstream with `identityHeaders` added.
 */
export interface Gateway {
  readonly config: Config;
  readonly observe: Observe;
  /** Whether a path on the main listener is one of Postern's own. `target` as sent. */
  isReserved(target: string): boolean;
  readonly decide: Decide;
  /** Answers a request to one of Postern's own endpoints. `peer`: the socket's other end. */
  endpoints(request: Request, peer: string): Promise<Response>;
  /** Answers a request on the operations listener. */
  operations(request: Request, peer: string): Promise<Response>;
  /** The identity headers for an upstream, assertion included. Synchronous while the assertion is cached. */
  identityHeaders(principal: Principal, upstream: string): HeaderList | Promise<HeaderList>;
  /** Reads keys and catches up with the feed, then follows it. Resolves when the first attempt has ended, well or not. */
  start(): Promise<void>;
  /** Stops following; the store stays open. */
  stop(): Promise<void>;
}
