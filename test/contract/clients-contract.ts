import { expect, test } from "vitest";
import { CLI, type Subject } from "./subject.ts";

const REPORTS = { id: "c_1", name: "reports", secretHash: "sha256:a", scopes: ["orders:read"] };

export function clientsContract(open: () => Promise<Subject>): void {
  test("a client is made, found and listed by name", async () => {
    const s = await open();
    const made = await s.store.createClient({ client: REPORTS, origin: CLI });
    expect(made).toMatchObject(REPORTS);
    expect(made.createdAt).toBeGreaterThan(0);
    await s.store.createClient({ client: { ...REPORTS, id: "c_2", name: "billing" }, origin: CLI });
    expect(await s.store.clientById({ clientId: "c_1" })).toEqual(made);
    expect(await s.store.clientById({ clientId: "c_3" })).toBeNull();
    expect((await s.store.listClients({})).map(({ name }) => name)).toEqual(["billing", "reports"]);
    expect(await s.audited()).toEqual(["client_created", "client_created"]);
  });

  test("the same client again is the answer to a lost reply", async () => {
    const s = await open();
    const made = await s.store.createClient({ client: REPORTS, origin: CLI });
    expect(await s.store.createClient({ client: REPORTS, origin: CLI })).toEqual(made);
    expect(await s.audited()).toEqual(["client_created"]);
  });

  test("its secret is replaced, and no token ends", async () => {
    const s = await open();
    await s.store.createClient({ client: REPORTS, origin: CLI });
    const rotate = { clientId: "c_1", secretHash: "sha256:b", origin: CLI };
    expect(await s.store.rotateClientSecret(rotate)).toBe(true);
    expect((await s.store.clientById({ clientId: "c_1" }))?.secretHash).toBe("sha256:b");
    expect(await s.store.rotateClientSecret({ ...rotate, clientId: "c_2" })).toBe(false);
    expect(await s.published()).toEqual([]);
    expect(await s.audited()).toEqual(["client_created", "client_rotated"]);
  });

  test("removed, its access tokens end too", async () => {
    const s = await open();
    await s.store.createClient({ client: REPORTS, origin: CLI });
    const issued = await s.store.clientIssueTime({ clientId: "c_1" });
    expect(await s.store.removeClient({ clientId: "c_1", origin: CLI })).toBe(true);
    expect(await s.store.removeClient({ clientId: "c_1", origin: CLI })).toBe(false);
    expect(await s.store.clientById({ clientId: "c_1" })).toBeNull();
    const { entries } = await s.store.readFeed({ after: null, limit: 10 });
    expect(entries.map(({ target }) => target)).toEqual([
      { kind: "client", clientId: "c_1", before: expect.any(Number) },
    ]);
    const target = entries[0]?.target;
    expect(target?.kind === "client" && target.before).toBeGreaterThanOrEqual(issued);
    expect(await s.audited()).toEqual(["client_created", "client_removed"]);
  });

  test("a time of issue is the store's clock where nothing was revoked", async () => {
    const s = await open();
    const before = await s.now();
    const issued = await s.store.clientIssueTime({ clientId: "c_1" });
    expect(issued).toBeGreaterThanOrEqual(before);
    expect(issued).toBeLessThanOrEqual(await s.now());
  });
}
