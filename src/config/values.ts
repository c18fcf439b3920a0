import { z } from "zod";
import { formatDuration, parseDuration } from "./duration.ts";
import { formatSize, parseSize } from "./size.ts";

/** What was written, short enough for one line. */
export function quote(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "function") return "a function";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** The message of a value of the wrong type or of none. */
const wrongType =
  (expected: string, secret = false) =>
  (issue: { readonly input?: unknown }): string =>
    issue.input === undefined
      ? `is required: expected ${expected}`
      : `expected ${expected}${secret ? "" : `, got ${quote(issue.input)}`}`;

/** A string for which `refuse` finds nothing wrong. It returns what is wrong, as a whole sentence part. */
export function text(expected: string, refuse: (value: string) => string | null, secret = false) {
  return z
    .string({ error: wrongType(expected, secret) })
    .superRefine((value, context) => {
      const problem = refuse(value);
      if (problem !== null) context.addIssue({ code: "custom", message: problem });
    })
    .meta({ title: expected });
}

/** A string that is read into something else; null where it cannot be. */
export function converted<T>(expected: string, read: (value: string) => T | null, secret = false) {
  return z
    .string({ error: wrongType(expected, secret) })
    .transform((value, context): T => {
      const result = read(value);
      if (result !== null) return result;
      context.addIssue({ code: "custom", message: `expected ${expected}${secret ? "" : `, got ${quote(value)}`}` });
      return z.NEVER;
    })
    .meta({ title: expected });
}

interface Unit {
  readonly word: string;
  readonly example: string;
  parse(text: string): number | null;
  format(value: number): string;
}

function measured(unit: Unit, min: string, max: string) {
  const least = unit.parse(min) ?? 0;
  const most = unit.parse(max) ?? Number.MAX_SAFE_INTEGER;
  const expected = `${unit.word} such as ${unit.example}, ${min} to ${max}`;
  return z
    .union([z.string(), z.int().min(0)], { error: wrongType(expected) })
    .transform((value, context): number => {
      const number = typeof value === "number" ? value : unit.parse(value);
      const problem =
        number === null
          ? `expected ${expected}, got ${quote(value)}`
          : number < least
            ? `must be at least ${min}, got ${unit.format(number)}`
            : number > most
              ? `must be at most ${max}, got ${unit.format(number)}`
              : null;
      if (number !== null && problem === null) return number;
      context.addIssue({ code: "custom", message: problem ?? expected });
      return z.NEVER;
    })
    .meta({ title: `${unit.word}, ${min} to ${max}` });
}

/** A duration, `"5m"` or whole milliseconds, within bounds; becomes milliseconds. */
export const duration = (min: string, max: string) =>
  measured({ word: "a duration", example: '"5m" or "14d"', parse: parseDuration, format: formatDuration }, min, max);

/** A size, `"64KiB"` or whole bytes, within bounds; becomes bytes. */
export const size = (min: string, max: string) =>
  measured({ word: "a size", example: '"64KiB"', parse: parseSize, format: formatSize }, min, max);

/** A whole number within bounds. */
export function whole(min: number, max: number) {
  const expected = `a whole number, ${min} to ${max}`;
  return z
    .int({ error: wrongType(expected) })
    .min(min, { error: `must be at least ${min}` })
    .max(max, { error: `must be at most ${max}` })
    .meta({ title: expected });
}

export const flag = () => z.boolean({ error: wrongType("true or false") }).meta({ title: "true or false" });

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  const expected = `one of ${values.map((value) => JSON.stringify(value)).join(", ")}`;
  return z.enum(values, { error: wrongType(expected) }).meta({ title: expected });
}

/** A list without repetitions. */
export function list<T extends z.ZodType>(item: T, of: string) {
  return z
    .array(item, { error: wrongType(`a list of ${of}`) })
    .superRefine((values, context) => {
      values.forEach((value, index) => {
        if (typeof value !== "string" || values.indexOf(value) === index) return;
        context.addIssue({ code: "custom", path: [index], message: `${quote(value)} stands in the list twice` });
      });
    })
    .meta({ title: `a list of ${of}` });
}

/** A group of options: other keys are refused. */
export const group = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape, { error: groupError });

function groupError(issue: z.core.$ZodRawIssue): string | undefined {
  return issue.code === "invalid_type" ? wrongType("an object")(issue) : undefined;
}

/** Named entries; `refuse` says what is wrong with a name. */
export function named<T extends z.ZodType>(entry: T, of: string, refuse: (name: string) => string | null) {
  const name = z.string().superRefine((value, context) => {
    const problem = refuse(value);
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
  });
  return z
    .record(name, entry, {
      error: (issue) => (issue.code === "invalid_type" ? wrongType(`an object with ${of} by name`)(issue) : undefined),
    })
    .meta({ title: `${of} by name` });
}
