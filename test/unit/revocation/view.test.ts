import { expect, test } from "vitest";
import { newId, uuidv7 } from "../../../src/lib/ids.ts";
import type { RevocationTarget } from "../../../src/revocation/entry.ts";
import { RevocationView, type TokenFacts } from "../../../src/revocation/view.ts";

const ISSUED = 1_800_000_000_000;
const token: TokenFacts = {
  jti: uuidv7(ISSUED),
  sid: newId("s"),
  sub: newId("u"),
  clientId: "postern",
  kid: "key-1",
  issuedAt: ISSUED,
};

function viewWith(target: RevocationTarget): RevocationView {
  const view = new RevocationView();
  view.apply({ target, at: ISSUED, expires: ISSUED + 300_000 });
  return view;
}

test("what is held comes out as it went in, without what has expired", () => {
  const targets: readonly RevocationTarget[] = [
    { kind: "all", before: 7 },
    { kind: "client", clientId: "c_1", before: 6 },
    { kind: "key", kid: "a kid" },
    { kind: "user", sub: newId("u"), before: 5 },
    { kind: "session", sid: newId("s") },
    { kind: "token", jti: uuidv7(ISSUED) },
  ];
  const view = new RevocationView();
  for (const target of targets) {
    expect(view.holds(target)).toBe(false);
    view.apply({ target, expires: 100 });
    expect(view.holds(target)).toBe(true);
  }
  view.apply({ target: { kind: "token", jti: uuidv7(ISSUED) }, expires: 50 });
  view.apply({ target: { kind: "client", clientId: "c_2", before: 6 }, expires: 50 });
  expect(view.held(50)).toEqual(targets.map((target) => ({ target, expires: 100 })));
  expect(view.held(100)).toEqual([]);
});

test("a later before is not held yet", () => {
  const sub = newId("u");
  const view = viewWith({ kind: "user", sub, before: 5 });
  expect(view.holds({ kind: "user", sub, before: 5 })).toBe(true);
  expect(view.holds({ kind: "user", sub, before: 6 })).toBe(false);
  expect(view.holds({ kind: "all", before: 0 })).toBe(false);
});

test("an empty view refuses nothing", () => {
  expect(new RevocationView().refuses(token)).toBe(false);
});

test.each<RevocationTarget>([
  { kind: "token", jti: token.jti },
  { kind: "session", sid: token.sid ?? "" },
  { kind: "user", sub: token.sub, before: ISSUED },
  { kind: "client", clientId: "postern", before: ISSUED },
  { kind: "key", kid: "key-1" },
  { kind: "all", before: ISSUED },
])("an entry for the $kind refuses the token", (target) => {
  expect(viewWith(target).refuses(token)).toBe(true);
});

test.each<RevocationTarget>([
  { kind: "token", jti: uuidv7(ISSUED) },
  { kind: "session", sid: newId("s") },
  { kind: "user", sub: newId("u"), before: ISSUED },
  { kind: "user", sub: token.sub, before: ISSUED - 1 },
  { kind: "client", clientId: "c_other", before: ISSUED },
  { kind: "client", clientId: "postern", before: ISSUED - 1 },
  { kind: "key", kid: "key-2" },
  { kind: "all", before: ISSUED - 1 },
])("an entry for another $kind, or for an earlier time, does not", (target) => {
  expect(viewWith(target).refuses(token)).toBe(false);
});

test("ids that are not of our making are held exactly too", () => {
  const foreign = { ...token, jti: "not-a-uuid", sub: "alice", sid: null };
  expect(viewWith({ kind: "token", jti: "not-a-uuid" }).refuses(foreign)).toBe(true);
  expect(viewWith({ kind: "user", sub: "alice", before: ISSUED }).refuses(foreign)).toBe(true);
  expect(viewWith({ kind: "user", sub: "bob", before: ISSUED }).refuses(foreign)).toBe(false);
});

test("a later entry for the same user only ever raises the time", () => {
  const view = viewWith({ kind: "user", sub: token.sub, before: ISSUED });
  view.apply({ target: { kind: "user", sub: token.sub, before: ISSUED - 1000 }, at: ISSUED, expires: ISSUED + 1 });
  expect(view.refuses(token)).toBe(true);
});
