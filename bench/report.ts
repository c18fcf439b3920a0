import { readFileSync, writeFileSync } from "node:fs";

const FILE = new URL("./README.md", import.meta.url);
const BEGIN = "<!-- bench:begin -->";
const END = "<!-- bench:end -->";

/** Puts the figures between the markers of bench/README.md. */
export function writeReport(figures: string): void {
  const page = readFileSync(FILE, "utf8");
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`bench/README.md lacks ${BEGIN} or ${END}`);
  writeFileSync(FILE, `${page.slice(0, begin + BEGIN.length)}\n${figures}\n${page.slice(end)}`);
}
