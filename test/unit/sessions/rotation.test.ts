import { expect, test } from "vitest";
import type { User } from "../../../src/accounts/records.ts";
import type { RefreshRequest } from "../../../src/sessions/refresh.ts";
import { judgeRefresh } from "../../../src/sessions/rotation.ts";
import type { Session } from "../../../src/sessions/session.ts";

const NOW = 1_800_000_000_000;
const GRACE = 15_000;
const user: User = {
  id: "u_1",
  username: "alice",
  usernameKey: "alice",
  passwordHash: null,
  roles: [],
  disabled: false,
  createdAt: 0,
  notBefore: 0,
};
const session: Session = {
  sid: "s_1",
  sub: "u_1",
  clientId: "postern",
  channel: "cookie",
  createdAt: NOW - 100_000,
  authTime: NOW - 100_000,
  amr: ["pwd"],
  scopes: null,
  generation: 5,
  rotatedAt: NOW - 10_000,
  shown: true,
  rHash: "hash",
  secretId: "old",
  context: "Blink/Linux",
  lastUsedAt: NOW - 10_000,
  idleEndsAt: NOW + 1_000_000,
  absoluteEndsAt: NOW + 2_000_000,
  address: "192.0.2.1",
  userAgent: "before",
};
const request: RefreshRequest = {
  sub: "u_1",
  sid: "s_1",
  generation: 5,
  rHash: "hash",
  secretId: "new",
  context: "Blink/Linux",
  address: "192.0.2.2",
  userAgent: "now",
  rotate: true,
  limits: { idle: 1_000_000, absolute: 5_000_000, grace: GRACE, maxPerUser: 100 },
};
const judge = (
  change: Partial<Session> = {},
  ask: Partial<RefreshRequest> = {},
  who: User | null = user,
  notBefore = 0,
) => judgeRefresh({ ...session, ...change }, who, notBefore, { ...request, ...ask }, NOW);
const old = { rotatedAt: NOW - GRACE };

test("the current token within grace of its birth is kept, from there on it rotates", () => {
  expect(judge({ rotatedAt: NOW - GRACE + 1 })).toMatchObject({ kind: "grant", outcome: "kept" });
  const rotated = judge(old);
  expect(rotated).toMatchObject({ kind: "grant", outcome: "rotated" });
  expect(rotated).toMatchObject({ session: { generation: 6, rotatedAt: NOW, shown: false, secretId: "new" } });
});

test("a refresh without rotation never makes a generation", () => {
  expect(judge(old, { rotate: false })).toMatchObject({ outcome: "kept", session: { generation: 5, shown: true } });
});

test("the previous token is answered with the current one until its window ends, to the millisecond", () => {
  const previous = { generation: 4 };
  expect(judge({ rotatedAt: NOW - GRACE }, previous)).toMatchObject({
    outcome: "replayed",
    session: { generation: 5 },
  });
  expect(judge({ rotatedAt: NOW - GRACE - 1 }, previous)).toMatchObject({ kind: "end", outcome: "theft" });
});

test("a replay does not restart the window, nor does it show the successor", () => {
  const replayed = judge({ shown: false }, { generation: 4 });
  expect(replayed).toMatchObject({ session: { rotatedAt: session.rotatedAt, shown: false } });
});

test("late is theft once the successor was shown, and lost where nobody had shown it", () => {
  const late = { rotatedAt: NOW - GRACE - 1 };
  expect(judge({ ...late, shown: true }, { generation: 4 })).toMatchObject({ outcome: "theft" });
  expect(judge({ ...late, shown: false }, { generation: 4 })).toMatchObject({ outcome: "lost" });
});

test("an older token ends the session at any time", () => {
  for (const generation of [0, 3]) {
    expect(judge({ rotatedAt: NOW, shown: false }, { generation })).toMatchObject({ kind: "end", outcome: "theft" });
  }
});

test("a replay from another client is refused, and the session goes on", () => {
  const verdict = judge({}, { generation: 4, context: "Gecko/Windows" });
  expect(verdict).toEqual({ kind: "refuse", outcome: "other_client", audit: "refresh_other_client" });
});

test("a generation up to eight ahead is rolled forward to, one further is refused", () => {
  expect(judge({}, { generation: 13 })).toMatchObject({ outcome: "rolled_forward", session: { generation: 13 } });
  expect(judge({}, { generation: 14 })).toMatchObject({ kind: "refuse", audit: "refresh_ahead" });
});

test("a token with the wrong random part is refused, and condemns nothing: our secret may have leaked", () => {
  expect(judge({}, { generation: 0, rHash: "other" })).toMatchObject({ kind: "refuse", audit: "refresh_forged" });
});

test("the two clocks end it at their very millisecond", () => {
  expect(judge({ idleEndsAt: NOW })).toMatchObject({ kind: "end", outcome: "idle_expired" });
  expect(judge({ absoluteEndsAt: NOW })).toMatchObject({ kind: "end", outcome: "expired" });
  expect(judge({ idleEndsAt: NOW + 1, absoluteEndsAt: NOW + 1 })).toMatchObject({ kind: "grant" });
});

test("use moves the idle end, never past the absolute one", () => {
  expect(judge()).toMatchObject({ session: { idleEndsAt: NOW + 1_000_000, lastUsedAt: NOW, userAgent: "now" } });
  expect(judge({ absoluteEndsAt: NOW + 5 })).toMatchObject({ session: { idleEndsAt: NOW + 5 } });
});

test("no record, no user, a disabled one, or a not-before since: ended", () => {
  expect(judgeRefresh(null, user, 0, request, NOW)).toEqual({ kind: "ended" });
  expect(judge({}, {}, null)).toEqual({ kind: "ended" });
  expect(judge({}, {}, { ...user, disabled: true })).toEqual({ kind: "ended" });
  expect(judge({}, {}, { ...user, notBefore: session.createdAt })).toEqual({ kind: "ended" });
  expect(judge({}, {}, user, session.createdAt)).toEqual({ kind: "ended" });
  expect(judge({}, {}, { ...user, notBefore: session.createdAt - 1 })).toMatchObject({ kind: "grant" });
});

test("a clock that was set back keeps the token and ends nothing", () => {
  expect(judge({ rotatedAt: NOW + 3_600_000 })).toMatchObject({ outcome: "kept" });
  expect(judge({ rotatedAt: NOW + 3_600_000 }, { generation: 4 })).toMatchObject({ outcome: "replayed" });
});
