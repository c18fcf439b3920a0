import type { IncomingRequest } from "../../app/decision.ts";
import { canonicalAddress } from "../../proxy/address.ts";

/** The client's address: the platform sets it, whatever the client says. */
const PEER = "cf-connecting-ip";

/**
 * A request as the decision takes it. The platform has parsed it already: the target is the one of its URL, with dot segments resolved,
 * which is also what goes upstream; lines of one name have become one.
 */
export function incomingRequest(request: Request): IncomingRequest {
  const url = new URL(request.url);
  const peer = request.headers.get(PEER) ?? "";
  return {
    method: request.method,
    target: url.href.slice(url.origin.length),
    headers: [...request.headers].filter(([name]) => name !== PEER).flat(),
    peer: canonicalAddress(peer) ?? peer,
  };
}
