import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { bundleWorker } from "../../test/support/worker-bundle.ts";
import type { Row } from "../row.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAMS = [
  ["Postern, as in examples/edge", "examples/edge/worker.ts"],
  ["Hono + hono/jwt + Redis EXISTS + fetch", "bench/peers/edge-hono.js"],
] as const;

const kibibytes = (bytes: number): string => (bytes / 1024).toFixed(1);

/** What is uploaded: minified modules and WebAssembly. */
export const edgeSize: Row = {
  name: "edge-size",
  missing: null,
  async measure({ ground }) {
    const lines: string[] = [];
    for (const [label, entry] of PROGRAMS) {
      const { folder } = await bundleWorker(join(ROOT, entry), mkdtempSync(join(ground.folder, "bundle-")));
      const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
      const total = (of: (file: Buffer) => number) => files.reduce((sum, file) => sum + of(file), 0);
      const raw = total((file) => file.length);
      lines.push(`| ${label} | ${kibibytes(raw)} | ${kibibytes(total((file) => gzipSync(file).length))} |`);
    }
    const head = ["### A Worker's bundle", "", "| program | KiB | KiB gzipped |", "| --- | --- | --- |"];
    return { table: [...head, ...lines, ""].join("\n"), figures: {} };
  },
};
