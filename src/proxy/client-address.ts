import { allHeaders, type HeaderList } from "../lib/header-list.ts";
import { type AddressSet, canonicalAddress } from "./address.ts";

/**
 * The address that a request came from, in canonical form: the socket's other end, or what trusted proxies say about it. Read from
 * the right, because only what a trusted proxy has appended is worth anything.
 */
export function clientAddress(peer: string, headers: HeaderList, trusted: AddressSet): string {
  const near = canonicalAddress(peer) ?? peer;
  if (!trusted(near)) return near;
  let client = near;
  const hops = allHeaders(headers, "x-forwarded-for")
    .flatMap((line) => line.split(","))
    .reverse();
  for (const hop of hops) {
    const address = canonicalAddress(withoutPort(hop.trim()));
    if (address === null) return client;
    client = address;
    if (!trusted(address)) return client;
  }
  return client;
}

/** Some proxies write `1.2.3.4:567` or `[2001:db8::1]:567`. */
function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(hop);
  if (bracketed !== null) return bracketed[1] ?? "";
  return hop.replace(/^([^:]+):\d+$/, "$1");
}
