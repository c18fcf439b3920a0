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

test("the version tells whether anything has come since", () => {
  const view = new RevocationView();
  const before = view.version;
  view.apply({ target: { kind: "key", kid: "k" }, at: 1, expires: 2 });
  expect(view.version).not.toBe(before);
});
