import wasm from "@phi-ag/argon2/argon2.wasm";
import { type Argon2id, hashedPasswords } from "../../accounts/hashed-passwords.ts";
import type { Passwords } from "../../accounts/passwords.ts";
import type { Argon2Cost } from "../../accounts/phc.ts";
import type { Config } from "../../config/config.ts";

/** argon2.h: the type argon2id, version 19, and what a hash of ours consists of. */
const ARGON2ID = 2;
const VERSION = 0x13;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const OK = 0;
const MISMATCH = -35;

/** What the module exports: libargon2's own functions, with addresses and lengths in its memory. */
interface Libargon2 {
  readonly memory: WebAssembly.Memory;
  malloc(bytes: number): number;
  free(at: number): void;
  argon2_encodedlen(t: number, m: number, p: number, salt: number, hash: number, type: number): number;
  argon2_hash(
    ...parameters: [
      ...[t: number, m: number, p: number, password: number, passwordBytes: number, salt: number, saltBytes: number],
      ...[hash: number, hashBytes: number, encoded: number, encodedBytes: number, type: number, version: number],
    ]
  ): number;
  argon2_verify(encoded: number, password: number, passwordBytes: number, type: number): number;
}

/**
 * argon2id in WebAssembly, in the isolate's own thread: one password at a time, while nothing else runs there. Each request waits its turn
 * by a timer of its own (`breathe`), and for no other request; what has come meanwhile runs between two hashes. However many are let
 * in, one hash's memory is all that is taken.
 */
export function workerPasswords(options: Config["passwords"], breathe: () => Promise<void>): Passwords {
  const argon2id: Argon2id = {
    async hash(password, cost) {
      await breathe();
      return hash(password, cost);
    },
    async verify(known, password) {
      await breathe();
      return verify(known, password);
    },
  };
  return hashedPasswords(argon2id, { ...options, concurrency: options.concurrency + options.queue, queue: 0 });
}

const utf8 = new TextEncoder();
let loaded: Libargon2 | null = null;

function libargon2(): Libargon2 {
  if (loaded === null) {
    const { exports } = new WebAssembly.Instance(wasm);
    if (typeof exports._initialize === "function") exports._initialize();
    if (!isLibargon2(exports)) throw new Error("the argon2 module is another than the one that this was written for");
    loaded = exports;
  }
  return loaded;
}

function isLibargon2(exports: object): exports is Libargon2 {
  const functions = ["malloc", "free", "argon2_encodedlen", "argon2_hash", "argon2_verify"];
  return "memory" in exports && functions.every((name) => typeof Reflect.get(exports, name) === "function");
}

/** Memory of the module's for the time of one call. */
class Scratch {
  readonly #lib: Libargon2;
  readonly #taken: { readonly at: number; readonly bytes: number }[] = [];

  constructor(lib: Libargon2) {
    this.#lib = lib;
  }

  room(bytes: number): number {
    const at = this.#lib.malloc(Math.max(1, bytes));
    if (at === 0) throw new Error("no memory is left to hash with");
    this.#taken.push({ at, bytes });
    return at;
  }

  put(bytes: Uint8Array): number {
    const at = this.room(bytes.length);
    this.#heap().set(bytes, at);
    return at;
  }

  text(at: number, bytes: number): string {
    return new TextDecoder().decode(this.#heap().slice(at, at + bytes));
  }

  /** Nothing of a password stays behind. */
  release(): void {
    for (const { at, bytes } of this.#taken) {
      this.#heap().fill(0, at, at + bytes);
      this.#lib.free(at);
    }
  }

  #heap(): Uint8Array {
    // Anew each time: memory that grows is another buffer.
    return new Uint8Array(this.#lib.memory.buffer);
  }
}

function hash(password: string, { memory, iterations, parallelism }: Argon2Cost): string {
  const lib = libargon2();
  const scratch = new Scratch(lib);
  try {
    const bytes = utf8.encode(password);
    const salt = scratch.put(crypto.getRandomValues(new Uint8Array(SALT_BYTES)));
    const length = lib.argon2_encodedlen(iterations, memory, parallelism, SALT_BYTES, HASH_BYTES, ARGON2ID);
    const [output, encoded] = [scratch.room(HASH_BYTES), scratch.room(length)];
    const code = lib.argon2_hash(
      ...([iterations, memory, parallelism, scratch.put(bytes), bytes.length, salt, SALT_BYTES] as const),
      ...([output, HASH_BYTES, encoded, length, ARGON2ID, VERSION] as const),
    );
    if (code !== OK) throw new Error(`argon2 failed with ${code}`);
    return scratch.text(encoded, length - 1);
  } finally {
    scratch.release();
  }
}

function verify(known: string, password: string): boolean {
  const lib = libargon2();
  const scratch = new Scratch(lib);
  try {
    const bytes = utf8.encode(password);
    const code = lib.argon2_verify(scratch.put(utf8.encode(`${known}\0`)), scratch.put(bytes), bytes.length, ARGON2ID);
    if (code !== OK && code !== MISMATCH) throw new Error(`argon2 failed with ${code}`);
    return code === OK;
  } finally {
    scratch.release();
  }
}
