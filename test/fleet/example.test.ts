// examples/fleet, as a reader starts it: it comes up, says how long a revocation took to cross, its commands work, and it leaves
// nothing behind.
import { describe, expect, test } from "vitest";
import { runChild, startChild } from "../support/child.ts";
import { freePort } from "../support/free-port.ts";
import { CLI } from "../support/gateway-process.ts";
import { REDIS_SERVER, redisCommand } from "../support/redis-server.ts";
import { waitUntil } from "../support/wait-until.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

describe.skipIf(REDIS_SERVER === null)("the example of a fleet", () => {
  test("shows a revocation crossing, and its commands do what it says", async () => {
    const port = await freePort();
    const env = { ...process.env, NO_COLOR: "1", FLEET_PORT: String(port) };
    const child = startChild(process.execPath, ["examples/fleet/start.ts"], { cwd: ROOT, env });
    await waitUntil(
      () => `the example does not come up; it wrote:\n${child.output()}`,
      () => child.output().includes("Ctrl-C"),
      50_000,
    );
    expect(child.output()).toMatch(/refused at the second \d+\.\d ms after/);
    const [, secret = ""] = /POSTERN_SECRET=(\S+)/.exec(child.output()) ?? [];
    const cli = (...args: readonly string[]) =>
      runChild(process.execPath, [CLI, ...args, "--config", "examples/fleet/postern.config.ts"], {
        ...{ cwd: ROOT, env: { ...env, POSTERN_SECRET: secret } },
      });
    const nodes = await cli("nodes", "--json");
    expect([nodes.code, nodes.stderr]).toEqual([0, ""]);
    expect(JSON.parse(nodes.stdout).nodes).toHaveLength(2);
    const revoked = await cli("revoke", "--user", "demo", "--wait");
    expect([revoked.code, revoked.stderr]).toEqual([0, ""]);

    await child.stop();
    await expect(redisCommand(port + 5, "PING")).rejects.toThrow();
  });
});
