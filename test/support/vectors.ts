import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "..", "..", "..", "shared", "vectors");

/** A file of public test vectors as text. Where they are not at hand, one line says so and the answer is null. */
export function readVectors(path: string): string | null {
  const file = join(folder, path);
  if (existsSync(file)) return readFileSync(file, "utf8");
  console.info(`vectors/${path} is not here: passing without it`);
  return null;
}

type Jwk = Readonly<Record<string, unknown>>;

export interface WycheproofGroup {
  readonly public?: Jwk & { readonly keys?: readonly Jwk[] };
  readonly private?: Jwk & { readonly keys?: readonly Jwk[] };
  readonly tests: readonly {
    readonly tcId: number;
    readonly comment: string;
    readonly jws: string;
    readonly result: "valid" | "invalid";
  }[];
}

/** The groups of a Wycheproof file. */
export function readWycheproof(name: string): readonly WycheproofGroup[] | null {
  const text = readVectors(`wycheproof/${name}.json`);
  if (text === null) return null;
  const file: { readonly testGroups: readonly WycheproofGroup[] } = JSON.parse(text);
  return file.testGroups;
}
