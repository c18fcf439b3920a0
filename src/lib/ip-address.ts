/** An IP address as eight 16-bit groups; an IPv4 address is its IPv4-mapped form (RFC 4291 §2.5.5.2), so that both are one. */
export type AddressGroups = readonly number[];

const MAPPED: AddressGroups = [0, 0, 0, 0, 0, 0xffff];

/** Reads an address, its zone left off. Null: no address. */
export function parseAddress(text: string): AddressGroups | null {
  if (!text.includes(":")) return parseIPv4(text, MAPPED);
  const zone = text.indexOf("%");
  return parseIPv6(zone === -1 ? text : text.slice(0, zone));
}

function parseIPv4(text: string, before: AddressGroups): AddressGroups | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const [a = 256, b = 256, c = 256, d = 256] = match.slice(1).map(readOctet);
  return Math.max(a, b, c, d) > 255 ? null : [...before, a * 256 + b, c * 256 + d];
}

/** A leading zero is octal to some readers and decimal to others: 256, which is none. */
const readOctet = (text: string): number => (text.length > 1 && text.startsWith("0") ? 256 : Number(text));

function parseIPv6(text: string): AddressGroups | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head = "", tail] = halves;
  const before = parseGroups(head, tail === undefined);
  if (tail === undefined) return before?.length === 8 ? before : null;
  const after = parseGroups(tail, true);
  if (before === null || after === null || before.length + after.length > 7) return null;
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function parseGroups(text: string, mayEndInIPv4: boolean): AddressGroups | null {
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

export const isIPv4 = (groups: AddressGroups): boolean => MAPPED.every((group, index) => groups[index] === group);

/** Dotted decimal for IPv4, RFC 5952 for IPv6. */
export function formatAddress(groups: AddressGroups): string {
  if (isIPv4(groups)) {
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
