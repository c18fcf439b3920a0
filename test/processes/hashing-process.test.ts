// A flood of logins must not slow down what the gateway carries: passwords are hashed in a process of their own, to which the system
// gives less time. Its end, whoever or whatever brings it about, costs the logins that it had at hand, and nothing else.
// SECURITY: F29; docs/adr/0007.
import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { beforeAll, expect, test } from "vitest";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { waitUntil } from "../support/wait-until.ts";

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await startGateway();
  await gateway.addUser(ALICE.name, ALICE.password);
});

const login = async (): Promise<number> => (await new Browser(gateway.url).login(ALICE.name, ALICE.password)).status;

const threadsOf = (pid: number): readonly string[] => readdirSync(`/proc/${pid}/task`);

/** proc_pid_stat(5): the state is field 3 and the priority field 19, counted after the name in brackets. */
function niceness(pid: number, thread: string): number {
  const fields = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return Number(fields[16]);
}

function childrenOf(pid: number): readonly number[] {
  const lists = threadsOf(pid).map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8"));
  return lists.join(" ").split(" ").filter(Boolean).map(Number);
}

/** The processes in which a gateway hashes. */
const hashing = (of = gateway): readonly number[] => childrenOf(of.pid);

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const gone = (pid: number): Promise<void> =>
  waitUntil(
    () => `process ${pid} lives on`,
    () => !lives(pid),
  );

test("every thread that hashes is of less importance than every thread that serves", async () => {
  expect(await login()).toBe(200);
  const [child = 0, ...more] = hashing();
  expect(more).toEqual([]);
  const low = threadsOf(child).map((thread) => niceness(child, thread));
  expect(new Set(low)).toEqual(new Set([constants.priority.PRIORITY_BELOW_NORMAL]));
  const own = threadsOf(gateway.pid).map((thread) => niceness(gateway.pid, thread));
  expect(new Set(own)).toEqual(new Set([0]));
});

test("it is told no secret", () => {
  const [child = 0] = hashing();
  expect(readFileSync(`/proc/${gateway.pid}/environ`, "utf8")).toContain("POSTERN_SECRET");
  const names = readFileSync(`/proc/${child}/environ`, "utf8")
    .split("\0")
    .map((entry) => entry.split("=")[0] ?? "");
  expect(names.filter((name) => /POSTERN|SECRET|TOKEN/.test(name))).toEqual([]);
});

test("when it crashes a login under way is 503, everything else goes on, and another takes its place", async () => {
  const [child = 0] = hashing();
  // Stopped first, so that there is a login under way.
  process.kill(child, "SIGSTOP");
  const caught = login();
  await waitUntil(
    () => "no password came to be hashed",
    async () => /postern_password_hashes\{state="active"\} 1\b/.test(await metrics()),
  );
  process.kill(child, "SIGSEGV");
  process.kill(child, "SIGCONT");
  expect(await caught).toBe(503);
  await waitUntil(
    () => "nobody can log in any more",
    async () => (await login()) === 200,
  );
  expect(hashing()).toHaveLength(1);
  expect(hashing()).not.toContain(child);
  expect(gateway.logs()).toContain("ended with SIGSEGV");
});

async function metrics(): Promise<string> {
  return (await fetch(`${gateway.operationsUrl}/metrics`)).text();
}

test("signals that mean the gateway leave it at work, and it ends with the gateway", async () => {
  const [child = 0] = hashing();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.kill(child, signal);
  expect(await login()).toBe(200);
  expect(hashing()).toEqual([child]);
  await gateway.stop();
  await gone(child);

  const other = await startGateway({}, { like: gateway });
  expect((await new Browser(other.url).login(ALICE.name, ALICE.password)).status).toBe(200);
  const [second = 0] = hashing(other);
  await other.kill();
  await gone(second);
});
