import fc from "fast-check";
import { expect, test } from "vitest";
import { newId, uuidv7 } from "../../../src/lib/ids.ts";
import { IdTable } from "../../../src/revocation/id-table.ts";
import { idWords, uuidOf } from "../../../src/revocation/id-words.ts";

const CHUNK = 4096;

/** Few distinct last words, so that probing and deleting meet collisions. */
const collidingId = fc
  .tuple(fc.nat(3), fc.nat(20_000))
  .map(([word, number]) => Uint32Array.from([number, 7, 7, word * 0x1000]));

test("agrees with a Map through collisions, growth and trimming", () => {
  fc.assert(
    fc.property(fc.array(collidingId, { maxLength: 60 }), fc.nat(3), (ids, rounds) => {
      const table = new IdTable();
      const model = new Map<string, number>();
      let clock = 0;
      const set = (id: Uint32Array, before: number) => {
        table.set(id, before, clock);
        model.set(id.join(), Math.max(before, model.get(id.join()) ?? 0));
      };
      for (let round = 0; round <= rounds; round++) {
        clock = round + 1;
        ids.forEach((id, at) => {
          const again = Uint32Array.from([id[0] as number, round, 7, id[3] as number]);
          set(again, 60 - at);
          set(again, at);
        });
        // Groups of last words that run into each other, with room between: in one group each look would pass by all.
        for (let filler = 0; filler < CHUNK / 2; filler++) {
          set(Uint32Array.from([filler, round, 9, (filler & 0xff) * 0x40 + ((filler >> 8) & 7)]), filler);
        }
        table.trim(round - 1);
      }
      const wrong = [...model].filter(([key, before]) => {
        const id = Uint32Array.from(key.split(",").map(Number));
        const expired = (id[1] as number) + 1 <= rounds - 1;
        // An expired entry may linger until its chunk is full; a live one is always there.
        const found = table.get(id);
        return found !== before && !(expired && found === -1);
      });
      expect(wrong).toEqual([]);
      expect(table.get(Uint32Array.from([1, 2, 3, 4]))).toBe(-1);
    }),
    { numRuns: 30 },
  );
});

test("forgets a full chunk whose entries have expired, and keeps one that was set again", () => {
  const table = new IdTable();
  const ids = Array.from({ length: CHUNK + 1 }, (_, at) => Uint32Array.from([at, 0, 0, at]));
  for (const id of ids) table.set(id, 1, 100);
  table.trim(99);
  expect(table.size).toBe(CHUNK + 1);
  table.trim(100);
  expect(table.size).toBe(1);
  expect(table.get(ids[0] as Uint32Array)).toBe(-1);
  expect(table.get(ids[CHUNK] as Uint32Array)).toBe(1);
});

test("reads every id of ours exactly, and nothing else", () => {
  const words = new Uint32Array(4);
  const seen = new Set<string>();
  for (let round = 0; round < 2000; round++) {
    for (const id of [newId("u"), newId("s"), uuidv7(1_700_000_000_000 + round)]) {
      expect(idWords(id, words)).toBe(true);
      seen.add(words.join());
    }
  }
  expect(seen.size).toBe(6000);
  expect(idWords("u_AAAAAAAAAAAAAAAAAAAAAA", words)).toBe(true);
  for (const odd of ["u_AAAAAAAAAAAAAAAAAAAAAB", "u_AAAAAAAAAAAAAAAAAAAA.A", "", "c_reporting", "u_é"]) {
    expect(idWords(odd, words)).toBe(false);
  }
});

test("reads a UUID in its canonical spelling alone", () => {
  const words = new Uint32Array(4);
  expect(idWords("01234567-89ab-cdef-fedc-ba9876543210", words)).toBe(true);
  expect([...words]).toEqual([0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210]);
  expect(uuidOf(words)).toBe("01234567-89ab-cdef-fedc-ba9876543210");
  for (const odd of [
    "01234567-89AB-cdef-fedc-ba9876543210",
    "0123456789ab-cdef-fedc-ba9876543210-",
    "01234567089ab-cdef-fedc-ba9876543210",
    "01234567-89ab-cdef-fedc-ba987654321",
    "01234567-89ab-cdef-fedc-ba98765432100",
    "g1234567-89ab-cdef-fedc-ba9876543210",
    "01234567-89ab-cdef-fedc-ba987654321é",
  ]) {
    expect(idWords(odd, words)).toBe(false);
  }
});
