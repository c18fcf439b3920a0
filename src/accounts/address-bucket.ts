import { formatAddress, isIPv4, parseAddress } from "../lib/ip-address.ts";

/**
 * The network that attempts from an address count for, in one spelling: an IPv4 address itself, an IPv6 address by its /64
 * (one household has 2^64 of them). An IPv4 address inside an IPv6 one is the IPv4 address.
 */
export function addressBucket(address: string): string {
  const groups = parseAddress(address);
  if (groups === null) return address;
  if (isIPv4(groups)) return formatAddress(groups);
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(":")}::/64`;
}
