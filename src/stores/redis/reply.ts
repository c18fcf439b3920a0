/** A reply's values, taken for what they must be. */
export type Values = readonly unknown[];

const unexpected = (): never => {
  throw new Error("the store answered with a value of another type");
};

export const values = (reply: unknown): Values => (Array.isArray(reply) ? reply : unexpected());

export const text = (value: unknown): string => (typeof value === "string" ? value : unexpected());

export const textOrNull = (value: unknown): string | null => (value === null ? null : text(value));

/** An empty string stands for null in streams, whose entries all have the same fields. */
export const textOrAbsent = (value: unknown): string | null => (value === "" ? null : text(value));

export function integer(value: unknown): number {
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) ? number : unexpected();
}

/** Lua's true and false, as replies carry them. */
export const flag = (value: unknown): boolean =>
  value === 1 ? true : value === null || value === 0 ? false : unexpected();

/** A JSON array of strings. */
export function texts(value: unknown): readonly string[] {
  const parsed: unknown = JSON.parse(text(value));
  return Array.isArray(parsed) && parsed.every((item) => typeof item === "string") ? parsed : unexpected();
}

export const textsOrNull = (value: unknown): readonly string[] | null => (value === null ? null : texts(value));

/** One of a closed set of words. */
export function word<T extends string>(value: unknown, words: readonly T[]): T {
  return words.find((candidate) => candidate === value) ?? unexpected();
}

/** A stream's entry: its id, and its fields by name. */
export function streamEntry(value: unknown): { readonly id: string; readonly fields: ReadonlyMap<string, string> } {
  const [id, pairs] = values(value);
  const flat = values(pairs).map(text);
  const fields = new Map<string, string>();
  for (let index = 0; index + 1 < flat.length; index += 2) fields.set(flat[index] ?? "", flat[index + 1] ?? "");
  return { id: text(id), fields };
}
