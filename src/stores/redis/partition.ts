/** All keys of a user carry one cluster tag, so that whatever is decided about a user is one script in one slot. */
export const PARTITIONS = 16;

/** Where everything lives that belongs to no user: clients, signing keys, receipts, and the revocation entries of tokens. */
export const COMMON = 0;

export const ALL_PARTITIONS: readonly number[] = Array.from({ length: PARTITIONS }, (_, index) => index);

/** The partition of an id, by FNV-1a. Never to be changed: it says where the records are. */
export function partitionOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % PARTITIONS;
}
