/** The cost of an argon2id hash: KiB, passes, lanes. */
export interface Argon2Cost {
  readonly memory: number;
  readonly iterations: number;
  readonly parallelism: number;
}

const PHC = /^\$argon2id\$v=19\$m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,3})\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/;

/** The cost that an argon2id hash in PHC string form was made with; null for anything else. */
export function argon2Cost(hash: string): Argon2Cost | null {
  const parts = PHC.exec(hash);
  if (parts === null) return null;
  return { memory: Number(parts[1]), iterations: Number(parts[2]), parallelism: Number(parts[3]) };
}

/** A well-formed hash of no known password: verifying against it costs what a real one of this cost does. */
export function dummyHash(cost: Argon2Cost): string {
  const salt = "cG9zdGVybi1ubyB1c2VyIQ";
  const digest = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
  return `$argon2id$v=19$m=${cost.memory},t=${cost.iterations},p=${cost.parallelism}$${salt}$${digest}`;
}
