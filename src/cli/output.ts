import type { Io } from "./io.ts";

export const writeLine = (io: Io, line: string): void => void io.stdout.write(`${line}\n`);

/** For people: what goes beside the result, so that the result can be piped. */
export const note = (io: Io, line: string): void => void io.stderr.write(`${line}\n`);

export const writeJson = (io: Io, value: unknown): void => writeLine(io, jsonText(value, 2));

/** JSON in which nothing but line breaks between members is a control character: JSON.stringify leaves those above U+007E as they are. */
export const jsonText = (value: unknown, indent = 0): string =>
  JSON.stringify(value, null, indent).replace(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );

/** Control characters would reach the terminal: a user agent is the client's to choose. */
export const visible = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });

/** Columns by their heading; an empty table says so in words. */
export function writeTable(io: Io, headings: readonly string[], rows: readonly (readonly string[])[], none: string) {
  if (rows.length === 0) return writeLine(io, none);
  const lines = [headings.map((heading) => heading.toUpperCase()), ...rows.map((row) => row.map(visible))];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => [...(line[column] ?? "")].length)));
  for (const line of lines) {
    const cells = line.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - [...cell].length));
    writeLine(io, cells.join("  ").trimEnd());
  }
}

/** Facts by name, one a line. */
export function writeFacts(io: Io, facts: readonly (readonly [string, string])[]): void {
  const width = Math.max(...facts.map(([name]) => name.length));
  for (const [name, value] of facts) writeLine(io, `${name.padEnd(width)}  ${visible(value)}`);
}

export const words = (values: readonly string[]): string => (values.length === 0 ? "-" : values.join(" "));

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
