import { describe, expect, it } from "vitest";
import { readEnvironment } from "../../../src/config/environment.ts";

const good = "0123456789abcdef0123456789abcdef";

function problems(env: Record<string, string>): readonly string[] {
  const result = readEnvironment(env);
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`);
}

describe("readEnvironment", () => {
  it("knows nothing where nothing is set, or set to nothing", () => {
    const values = { secret: null, previous: null, adminToken: null, store: null };
    expect(readEnvironment({})).toEqual({ ok: true, values });
    const empty = { POSTERN_SECRET: "", POSTERN_SECRET_PREVIOUS: "", POSTERN_ADMIN_TOKEN: "", POSTERN_STORE: "" };
    expect(readEnvironment(empty)).toEqual({ ok: true, values });
  });

  it("reads what is set", () => {
    const env = {
      POSTERN_SECRET: good,
      POSTERN_SECRET_PREVIOUS: `${good}!`,
      POSTERN_ADMIN_TOKEN: good,
      POSTERN_STORE: "rediss://:pw@redis:6380",
    };
    expect(readEnvironment(env)).toEqual({
      ok: true,
      values: {
        secret: good,
        previous: `${good}!`,
        adminToken: good,
        store: { kind: "redis", url: "rediss://:pw@redis:6380" },
      },
    });
  });

  it("counts the secret in bytes", () => {
    expect(problems({ POSTERN_SECRET: "é".repeat(16) })).toEqual([]);
    expect(problems({ POSTERN_SECRET: "é".repeat(15) })).toEqual([
      "POSTERN_SECRET: must be at least 32 bytes, got 30: make one with: openssl rand -base64 48",
    ]);
  });

  it("names every problem and shows no value", () => {
    const env = {
      POSTERN_SECRET: "hunter2",
      POSTERN_SECRET_PREVIOUS: "hunter2",
      POSTERN_ADMIN_TOKEN: "hunter2",
      POSTERN_STORE: "mysql://hunter2",
    };
    const found = problems(env);
    expect(found.map((text) => text.split(":")[0])).toEqual([
      "POSTERN_SECRET",
      "POSTERN_SECRET_PREVIOUS",
      "POSTERN_ADMIN_TOKEN",
      "POSTERN_STORE",
      "POSTERN_SECRET_PREVIOUS",
    ]);
    expect(found.join()).not.toContain("hunter2");
  });

  it("refuses a change of secret that changes nothing, or from nothing", () => {
    expect(problems({ POSTERN_SECRET: good, POSTERN_SECRET_PREVIOUS: good })).toHaveLength(1);
    expect(problems({ POSTERN_SECRET_PREVIOUS: good })).toEqual([
      "POSTERN_SECRET: is required where POSTERN_SECRET_PREVIOUS is set",
    ]);
  });

  it("refuses an admin token that no Bearer header can carry", () => {
    expect(problems({ POSTERN_ADMIN_TOKEN: `${good} ` })).toEqual([
      "POSTERN_ADMIN_TOKEN: may hold letters, digits and - . _ ~ + / only, then =",
    ]);
  });
});
