import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PROBLEMS } from "../../../src/protocol/errors.ts";

const REFERENCE = readFileSync(new URL("../../../docs/http.md", import.meta.url), "utf8");

test("docs/http.md names every code with its status, and no other", () => {
  const rows = REFERENCE.split("\n").filter((line) => /^\| \d{3} \| `/.test(line));
  const named = rows.flatMap((row) => {
    const [status = "", ...codes] = row.match(/\d{3}|(?<=`)[a-z_]+(?=`)/g) ?? [];
    return codes.map((code) => [code, Number(status)]);
  });
  expect(named.sort()).toEqual(
    Object.entries(PROBLEMS)
      .map(([code, { status }]) => [code, status])
      .sort(),
  );
});
