import { partitionOf } from "./partition.ts";

/*
 * The keys that scripts are called with; docs/storage.md lists all there are. A script of a partition is given `meta` and finds the
 * partition's other keys by the same prefix, so all are in one slot.
 */

const twoDigits = (number: number): string => String(number).padStart(2, "0");

export const partitionPrefix = (partition: number): string => `postern:{p${twoDigits(partition)}}:`;

export const metaKey = (partition: number): string => `${partitionPrefix(partition)}meta`;

export const feedKey = (partition: number): string => `${partitionPrefix(partition)}feed`;

/** A name's key lies outside of the partitions: it says in which one the user is. */
export const nameKey = (usernameKey: string): string => `postern:name:${usernameKey}`;

export const attemptKey = (bucket: string): string => `postern:{a${twoDigits(partitionOf(bucket))}}:attempt:${bucket}`;
