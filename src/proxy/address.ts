import { type AddressGroups, formatAddress, parseAddress } from "../lib/ip-address.ts";

/** One spelling for one address: dotted decimal for IPv4 and for IPv4-mapped IPv6, RFC 5952 for IPv6, no zone. Null: no address. */
export function canonicalAddress(text: string): string | null {
  const groups = parseAddress(text);
  return groups === null ? null : formatAddress(groups);
}

/** Whether an address lies in a set of CIDR blocks. */
export type AddressSet = (address: string) => boolean;

/** How many answers are remembered: a request asks about its peer each time, and a trusted proxy's peers are few. */
const REMEMBERED = 1024;

/** Compiles CIDR blocks (`10.0.0.0/8`, `2001:db8::/32`, or a single address). Throws RangeError on a block that is none. */
export function createAddressSet(blocks: readonly string[]): AddressSet {
  if (blocks.length === 0) return () => false;
  const ranges = blocks.map(parseBlock);
  const remembered = new Map<string, boolean>();
  return (address) => {
    const known = remembered.get(address);
    if (known !== undefined) return known;
    const groups = parseAddress(address);
    const inside = groups !== null && ranges.some((range) => contains(range, groups));
    if (remembered.size >= REMEMBERED) remembered.clear();
    remembered.set(address, inside);
    return inside;
  };
}

interface Range {
  readonly groups: AddressGroups;
  readonly bits: number;
}

function parseBlock(block: string): Range {
  const [text = "", length] = block.split("/");
  const groups = parseAddress(text);
  const width = text.includes(":") ? 128 : 32;
  const bits = length === undefined ? width : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if (groups === null || !(bits <= width)) throw new RangeError(`not a CIDR block: ${block}`);
  return { groups, bits: bits + 128 - width };
}

function contains(range: Range, groups: AddressGroups): boolean {
  for (let index = 0, left = range.bits; left > 0; index++, left -= 16) {
    const mask = left >= 16 ? 0xffff : 0xffff ^ (0xffff >> left);
    if ((((range.groups[index] as number) ^ (groups[index] as number)) & mask) !== 0) return false;
  }
  return true;
}
