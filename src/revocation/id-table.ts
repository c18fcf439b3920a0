const CHUNK = 4096;
const WORDS = 4;
const EMPTY = 0;
const MAX_LOAD = 0.7;
/** Entry numbers start anew before they outgrow the 32 bits of the index. */
const REBASE = 2 ** 31;

/** Entries in the order of their coming; a chunk is dropped whole once its last entry has expired. */
interface Chunk {
  readonly ids: Uint32Array;
  readonly before: Float64Array;
  readonly expires: Float64Array;
  used: number;
  newestExpiry: number;
}

/**
 * A map from 128-bit ids to a `before` in typed arrays: about 40 bytes an entry, exact, no garbage. Ids are random in their
 * last word and chosen by us, so that word is the hash. The index holds entry number + 1; it probes linearly and deletes by
 * shifting back, so that there are no tombstones to pile up.
 */
export class IdTable {
  #chunks: Chunk[] = [];
  /** Number of the first entry that is still held. */
  #first = 0;
  #next = 0;
  #index = new Uint32Array(1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Later calls for the same id only ever raise `before` and `expires`. */
  set(id: Uint32Array, before: number, expires: number): void {
    const slot = this.#findSlot(id);
    const found = this.#index[slot] as number;
    if (found !== EMPTY) {
      const chunk = this.#chunkOf(found - 1);
      const at = (found - 1) % CHUNK;
      chunk.before[at] = Math.max(chunk.before[at] as number, before);
      chunk.expires[at] = Math.max(chunk.expires[at] as number, expires);
      chunk.newestExpiry = Math.max(chunk.newestExpiry, expires);
      return;
    }
    const number = this.#next++;
    const chunk = this.#chunkFor(number);
    const at = number % CHUNK;
    chunk.ids.set(id, at * WORDS);
    chunk.before[at] = before;
    chunk.expires[at] = expires;
    chunk.newestExpiry = Math.max(chunk.newestExpiry, expires);
    chunk.used = at + 1;
    this.#index[slot] = number + 1;
    this.#size++;
    if (this.#size > this.#index.length * MAX_LOAD) this.#grow();
  }

  /** The `before` of an id, or -1 when it is not there. */
  get(id: Uint32Array): number {
    const found = this.#index[this.#findSlot(id)] as number;
    return found === EMPTY ? -1 : (this.#chunkOf(found - 1).before[(found - 1) % CHUNK] as number);
  }

  /**
   * The entries that have not expired, oldest first, in pages of at most 4096, each made of the table as it is when it is asked for: what
   * came after the first page was, may be missing.
   */
  *pages<T>(now: number, entryOf: (id: Uint32Array, before: number, expires: number) => T): Generator<T[]> {
    // A chunk that is dropped meanwhile keeps its entries.
    for (const chunk of [...this.#chunks]) {
      const page: T[] = [];
      for (let at = 0; at < chunk.used; at++) {
        const expires = chunk.expires[at] as number;
        if (expires <= now) continue;
        page.push(entryOf(chunk.ids.subarray(at * WORDS, at * WORDS + WORDS), chunk.before[at] as number, expires));
      }
      yield page;
    }
  }

  /** Drops full chunks all of whose entries have expired. */
  trim(now: number): void {
    for (;;) {
      const chunk = this.#chunks[0];
      if (chunk === undefined || chunk.used < CHUNK || chunk.newestExpiry > now) return;
      for (let at = 0; at < CHUNK; at++) {
        this.#unlink(this.#findSlot(chunk.ids.subarray(at * WORDS, at * WORDS + WORDS)));
      }
      this.#chunks.shift();
      this.#first += CHUNK;
      this.#size -= CHUNK;
      if (this.#first >= REBASE) this.#rebase();
    }
  }

  #chunkOf(number: number): Chunk {
    return this.#chunks[Math.floor((number - this.#first) / CHUNK)] as Chunk;
  }

  #chunkFor(number: number): Chunk {
    if (number % CHUNK === 0) {
      const ids = new Uint32Array(CHUNK * WORDS);
      const before = new Float64Array(CHUNK);
      const expires = new Float64Array(CHUNK);
      this.#chunks.push({ ids, before, expires, used: 0, newestExpiry: 0 });
    }
    return this.#chunkOf(number);
  }

  /** The slot that holds the id, or the empty one where it would go. */
  #findSlot(id: Uint32Array): number {
    const mask = this.#index.length - 1;
    let slot = (id[3] as number) & mask;
    for (;;) {
      const found = this.#index[slot] as number;
      if (found === EMPTY || this.#holds(found - 1, id)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #holds(number: number, id: Uint32Array): boolean {
    const { ids } = this.#chunkOf(number);
    const from = (number % CHUNK) * WORDS;
    return ids[from + 3] === id[3] && ids[from] === id[0] && ids[from + 1] === id[1] && ids[from + 2] === id[2];
  }

  #homeOf(number: number): number {
    const word = this.#chunkOf(number).ids[(number % CHUNK) * WORDS + 3] as number;
    return word & (this.#index.length - 1);
  }

  #unlink(slot: number): void {
    const mask = this.#index.length - 1;
    let hole = slot;
    let probe = (hole + 1) & mask;
    for (;;) {
      const found = this.#index[probe] as number;
      if (found === EMPTY) break;
      // An entry may fill the hole only if the hole lies between its home and its present place.
      if (((probe - this.#homeOf(found - 1)) & mask) >= ((probe - hole) & mask)) {
        this.#index[hole] = found;
        hole = probe;
      }
      probe = (probe + 1) & mask;
    }
    this.#index[hole] = EMPTY;
  }

  #rebase(): void {
    for (let slot = 0; slot < this.#index.length; slot++) {
      if (this.#index[slot] !== EMPTY) this.#index[slot] = (this.#index[slot] as number) - this.#first;
    }
    this.#next -= this.#first;
    this.#first = 0;
  }

  #grow(): void {
    const held = this.#index;
    this.#index = new Uint32Array(held.length * 2);
    const mask = this.#index.length - 1;
    for (const found of held) {
      if (found === EMPTY) continue;
      let slot = this.#homeOf(found - 1);
      while (this.#index[slot] !== EMPTY) slot = (slot + 1) & mask;
      this.#index[slot] = found;
    }
  }
}
