import { expect, test } from "vitest";
import { MINUTE, SECOND, type Subject } from "./subject.ts";

const RECEIPT = { node: "n1", startedAt: 5, cursor: ["7"], version: "0.1.0", config: "c0ffee" };

export function nodesContract(open: () => Promise<Subject>): void {
  const announce = (s: Subject, receipt = RECEIPT) => s.store.announce({ receipt, accessTtl: 5 * MINUTE });

  test("a gateway's newest receipt is what the others see", async () => {
    const s = await open();
    await announce(s);
    const before = await s.now();
    await announce(s, { ...RECEIPT, cursor: ["8"], config: "beef" });
    await announce(s, { ...RECEIPT, node: "n2" });
    const { nodes, now } = await s.store.nodes({});
    expect(nodes).toEqual([
      { ...RECEIPT, cursor: ["8"], config: "beef", at: expect.any(Number) },
      { ...RECEIPT, node: "n2", at: expect.any(Number) },
    ]);
    expect(nodes[0]?.at).toBeGreaterThanOrEqual(before);
    expect(now).toBeGreaterThanOrEqual(nodes[0]?.at ?? Number.NaN);
  });

  test("one that has stopped announcing is gone after 10 s, one that retires at once", async () => {
    const s = await open();
    await announce(s);
    await announce(s, { ...RECEIPT, node: "n2" });
    await s.store.retire({ node: "n2" });
    expect((await s.store.nodes({})).nodes.map(({ node }) => node)).toEqual(["n1"]);
    s.advance(9 * SECOND);
    expect((await s.store.nodes({})).nodes).toHaveLength(1);
    s.advance(SECOND);
    expect((await s.store.nodes({})).nodes).toEqual([]);
  });
}
