import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Io } from "../../../src/cli/io.ts";
import { plural, visible, writeJson, writeTable } from "../../../src/cli/output.ts";

/** An Io whose standard output can be read. */
function recording() {
  const stdout = new PassThrough();
  const io: Io = { stdin: new PassThrough(), stdout, stderr: new PassThrough(), env: {}, cwd: "/" };
  return { io, text: () => String(stdout.read() ?? "") };
}

describe("tables", () => {
  it("line up, and leave no white space at the end of a line", () => {
    const { io, text } = recording();
    writeTable(
      io,
      ["name", "roles"],
      [
        ["ana", "user admin"],
        ["bartholomew", "-"],
      ],
      "none",
    );
    expect(text()).toBe("NAME         ROLES\nana          user admin\nbartholomew  -\n");
  });

  it("say so when they are empty", () => {
    const { io, text } = recording();
    writeTable(io, ["name"], [], "There are no users.");
    expect(text()).toBe("There are no users.\n");
  });

  it("let no control character of a client reach the terminal", () => {
    const { io, text } = recording();
    writeTable(io, ["user agent"], [["\u001b[2J\u009b1m\r\n\u202eevil\u2028"]], "none");
    expect(text()).toBe("USER AGENT\n\\u{1b}[2J\\u{9b}1m\\u{d}\\u{a}\\u{202e}evil\\u{2028}\n");
  });
});

it("JSON holds no control character, and says the same", () => {
  const { io, text } = recording();
  const value = { userAgent: "\u009b31m\u0085\u2028\u202e\u{e0001}\u001b[2J é" };
  writeJson(io, value);
  const written = text();
  expect(written.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\u2028]/u);
  expect(JSON.parse(written)).toEqual(value);
});

it("visible leaves writing of every script alone", () => {
  expect(visible("Zoë Müller 山田 👩‍🚀".replace("\u200d", ""))).toBe("Zoë Müller 山田 👩🚀");
});

it("plural", () => {
  expect([0, 1, 2].map((count) => plural(count, "session"))).toEqual(["0 sessions", "1 session", "2 sessions"]);
});
