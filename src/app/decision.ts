import type { HeaderList } from "../lib/header-list.ts";
import type { Problem } from "../protocol/errors.ts";
import type { Route } from "../routing/route.ts";
import type { Principal } from "../tokens/principal.ts";

/** A request as every transport hands it to the decision: nothing parsed, nothing lost. */
export interface IncomingRequest {
  /** As sent; methods are case-sensitive (RFC 9110 §9.1). */
  readonly method: string;
  /** Origin-form request target: path and query, byte for byte as sent. */
  readonly target: string;
  readonly headers: HeaderList;
  /** Address of the other end of the socket. */
  readonly peer: string;
}

/** What is to be done with a request. `cookies` are whole Set-Cookie values; they go with `Cache-Control: no-store`. */
export type Decision =
  | {
      readonly kind: "pass";
      readonly route: Route;
      /** Null on public routes, and on optional ones without a credential. */
      readonly principal: Principal | null;
      readonly cookies: readonly string[];
    }
  | { readonly kind: "redirect"; readonly route: Route; readonly location: string; readonly cookies: readonly string[] }
  /** A CORS preflight, answered 204 here: it never reaches an upstream. `routed`: whether some route has its path. */
  | { readonly kind: "preflight"; readonly headers: HeaderList; readonly routed: boolean }
  | { readonly kind: "refuse"; readonly route: Route | null; readonly problem: Problem };

/** The one way from request to verdict: the proxy, the WebSocket upgrade and forward auth all call it. Synchronous when the token has been seen before. */
export type Decide = (request: IncomingRequest) => Decision | Promise<Decision>;
