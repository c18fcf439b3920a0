/** An address as eight 16-bit groups; an IPv4 address is its IPv4-mapped form (RFC 4291 §2.5.5.2), so that both are one. */
type Groups = readonly number[];

const MAPPED: Groups = [0, 0, 0, 0, 0, 0xffff];

/** One spelling for one address: dotted decimal for IPv4 and for IPv4-mapped IPv6, RFC 5952 for IPv6, no zone. Null: no address. */
export function canonicalAddress(text: string): string | null {
  const groups = parseAddress(text);
  return groups === null ? null : format(groups);
}

function parseAddress(text: string): Groups | null {
  if (!text.includes(":")) return parseIPv4(text, MAPPED);
  const zone = text.indexOf("%");
  return parseIPv6(zone === -1 ? text : text.slice(0, zone));
}

function parseIPv4(text: string, before: Groups): Groups | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const [a = 256, b = 256, c = 256, d = 256] = match.slice(1).map(readOctet);
  return Math.max(a, b, c, d) > 255 ? null : [...before, a * 256 + b, c * 256 + d];
}

/** A leading zero is octal to some readers and decimal to others: 256, which is none. */
const readOctet = (text: string): number => (text.length > 1 && text.startsWith("0") ? 256 : Number(text));

function parseIPv6(text: string): Groups | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head = "", tail] = halves;
  const before = parseGroups(head, tail === undefined);
  if (tail === undefined) return before?.length === 8 ? before : null;
  const after = parseGroups(tail, true);
  if (before === null || after === null || before.length + after.length > 7) return null;
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function parseGroups(text: string, mayEndInIPv4: boolean): Groups | null {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (mayEndInIPv4 && index === parts.length - 1 && part.includes(".")) return parseIPv4(part, groups);
    if (!/^[0-9a-f]{1,4}$/i.test(part)) return null;
    groups.push(Number.parseInt(part, 16));
  }
  return groups;
}

function format(groups: Groups): string {
  if (MAPPED.every((group, index) => groups[index] === group)) {
    const [high = 0, low = 0] = groups.slice(6);
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  const text = groups.map((group) => group.toString(16)).join(":");
  // The first of the longest runs of two or more zero groups (RFC 5952 §4.2).
  const runs = [...text.matchAll(/\b0(?::0\b)+/g)].toSorted((one, other) => other[0].length - one[0].length);
  const run = runs[0];
  if (run === undefined) return text;
  return `${text.slice(0, run.index).replace(/:$/, "")}::${text.slice(run.index + run[0].length).replace(/^:/, "")}`;
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
  readonly groups: Groups;
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

function contains(range: Range, groups: Groups): boolean {
  for (let index = 0, left = range.bits; left > 0; index++, left -= 16) {
    const mask = left >= 16 ? 0xffff : 0xffff ^ (0xffff >> left);
    if ((((range.groups[index] as number) ^ (groups[index] as number)) & mask) !== 0) return false;
  }
  return true;
}
