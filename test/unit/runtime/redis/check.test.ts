import { expect, test } from "vitest";
import { factsOf, serverProblem } from "../../../../src/runtime/redis/check.ts";

const GOOD = { version: "7.2.4", role: "master", evictionPolicy: "noeviction", aof: true };
const URL = { shown: "redis:6379", allowNoAof: false };

test("settings are read from INFO", () => {
  const info =
    "# Server\r\nredis_version:7.0.15\r\n\r\n# Memory\r\nmaxmemory_policy:noeviction\r\n# Persistence\r\naof_enabled:1\r\n# Replication\r\nrole:master\r\n";
  expect(factsOf(info)).toEqual({ ...GOOD, version: "7.0.15" });
  expect(factsOf("")).toEqual({ version: "", role: "unknown", evictionPolicy: "unknown", aof: false });
});

test.each([
  [{ version: "6.2.14" }, "is version 6.2.14"],
  [{ version: "" }, "is version unknown"],
  [{ role: "slave" }, "is a replica (role slave)"],
  [{ evictionPolicy: "volatile-lru" }, "maxmemory-policy volatile-lru"],
  [{ aof: false }, "appendonly no"],
])("%o is told", (change, told) => {
  const problem = serverProblem({ ...GOOD, ...change }, URL);
  expect(problem).toContain(told);
  expect(problem).toContain("The Redis at redis:6379");
});

test("good settings are not complained of, and a missing file may be allowed", () => {
  expect(serverProblem(GOOD, URL)).toBeNull();
  expect(serverProblem({ ...GOOD, aof: false }, { ...URL, allowNoAof: true })).toBeNull();
});
