// Every way in which a store's call ends sessions is counted, by the reason that its trail names.
import { expect, onTestFinished, test } from "vitest";
import type { Observation } from "../../../src/observe/observation.ts";
import { observedStore } from "../../../src/stores/observed-store.ts";
import { openSqlite } from "../../contract/open-sqlite.ts";
import { CLI, DAY, LIMITS, newSession, Subject } from "../../contract/subject.ts";

const SWEEP = { auditKeep: 30 * DAY, auditMax: 1_000_000, batch: 100 };

test("sessions that a login, an operator or time ends are told by reason", async () => {
  const opened = await openSqlite();
  onTestFinished(() => opened.close());
  const ended: [string, number][] = [];
  const observe = (event: Observation): void => {
    if (event.kind === "session_ended") ended.push([event.reason, event.sessions]);
  };
  const store = observedStore(opened.store, observe, () => 0);
  const s = new Subject({ ...opened, store });
  const [ada, bob] = [await s.user("ada"), await s.user("bob")];

  const first = await s.login(ada);
  const again = { session: newSession(ada), limits: { ...LIMITS, maxPerUser: 1 }, expectedHash: null, origin: CLI };
  await store.createSession({ ...again, replace: first });
  await s.login(ada, { limits: { maxPerUser: 1 } });
  expect(ended.splice(0)).toEqual([
    ["replaced", 1],
    ["too_many_sessions", 1],
  ]);

  for (let login = 0; login < 2; login++) await s.login(bob);
  await store.setDisabled({ sub: bob.id, disabled: true, origin: CLI });
  await store.setDisabled({ sub: bob.id, disabled: false, origin: CLI });
  await s.login(bob);
  await store.deleteUser({ sub: bob.id, origin: CLI });
  await store.deleteUser({ sub: bob.id, origin: CLI });
  expect(ended.splice(0)).toEqual([
    ["disabled", 2],
    ["deleted", 1],
  ]);

  await s.login(ada, { limits: { absolute: LIMITS.idle } });
  s.advance(LIMITS.idle);
  await store.sweep(SWEEP);
  await store.sweep(SWEEP);
  expect(ended).toEqual([
    ["idle", 1],
    ["absolute", 1],
  ]);
});
