import { InvalidArgumentError } from "commander";

/** Gathers an option that may be given more than once. */
export const collect = (value: string, before: readonly string[]): string[] => [...before, value];

export function count(value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= 10_000) return number;
  throw new InvalidArgumentError("expected a whole number, 1 to 10000");
}
