// After a break-in somebody reads what was tried; and whoever stole the logs reads them too. Every login leaves a record, failed
// ones and refused ones as well, and neither the trail nor the log nor the database holds a password or a token.
// SECURITY: PW15 (ASVS 16.3.1, 16.2.5).
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ALICE } from "../support/people.ts";
import { addUser, asOperator, attackedNodeProcess } from "./attacked-process.ts";
import { cookieOf } from "./shown-token.ts";

interface TrailRecord {
  readonly kind: string;
  readonly address: string | null;
  readonly count: number;
}

test("every attempt is in the trail, and no secret is anywhere", async () => {
  const subject = await attackedNodeProcess({
    log: { level: "debug", access: true },
    login: { limits: { perAccount: { attempts: 3 } } },
  });
  const carol = { name: "carol", password: "copper-meadow-27-lantern" };
  await addUser(subject.gateway, carol);
  const alice = await subject.loggedIn();
  const secrets = [
    ALICE.password,
    carol.password,
    cookieOf(alice),
    alice.accessToken ?? "-",
    subject.gateway.adminToken,
  ];
  for (let time = 0; time < 5; time++) {
    const guess = `a guess that is wrong ${time}`;
    secrets.push(guess);
    await subject.browser().login(carol.name, guess);
  }
  await subject.browser().login("nobody-of-that-name", "typed-into-the-wrong-field");
  await subject.browser().login("typed-as-the-username", "x");
  secrets.push("typed-into-the-wrong-field");
  await alice.fetch(`/auth/login?password=${encodeURIComponent(ALICE.password)}`);
  await alice.refresh();
  secrets.push(cookieOf(alice), alice.accessToken ?? "-");
  await alice.logout();

  const trail = await asOperator(subject.gateway).fetch("/admin/audit?limit=1000");
  const { records } = trail.json<{ records: TrailRecord[] }>();
  const count = (kind: string) => records.filter((one) => one.kind === kind).reduce((sum, one) => sum + one.count, 0);
  expect([count("login"), count("login_failed"), count("login_limited")]).toEqual([1, 5, 2]);
  for (const { kind, address } of records) if (kind.startsWith("login")) expect(address).toBe("127.0.0.1");

  await subject.gateway.stop();
  const files = await readdir(subject.gateway.dir);
  const stored = await Promise.all(
    files.filter((name) => name.includes(".db")).map((name) => readFile(join(subject.gateway.dir, name), "latin1")),
  );
  expect(stored.join("")).toContain("carol");
  expect(subject.gateway.logs()).toMatch(/invalid_credentials/);
  // People type their password where the name belongs; the counter of failures alone keeps it, until its window is over.
  expect(trail.text + subject.gateway.logs()).not.toContain("typed-as-the-username");
  for (const secret of secrets) {
    expect(trail.text).not.toContain(secret);
    expect(subject.gateway.logs()).not.toContain(secret);
    expect(stored.some((text) => text.includes(secret))).toBe(false);
  }
});
