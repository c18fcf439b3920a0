import type { GatewayKind } from "./kinds.ts";

interface Inside {
  readonly on: readonly GatewayKind[];
  /** What the file reaches for. */
  readonly why: string;
}

/** Files that reach inside a gateway, and so run on some kinds only. */
export const INSIDE: Readonly<Record<string, Inside>> = {
  "test/attacks/leak-database.test.ts": { on: ["node-sqlite"], why: "reads the database's files" },
  "test/attacks/login-trail.test.ts": { on: ["node-sqlite"], why: "reads the database's files" },
  "test/attacks/password-hash.test.ts": { on: ["node-sqlite"], why: "puts hashes into the database by SQL" },
  "test/attacks/refresh-ahead.test.ts": { on: ["node-sqlite"], why: "puts records back by SQL" },
  "test/attacks/revocation-store-down.test.ts": { on: ["node-sqlite"], why: "locks the database" },
  "test/http/forward-auth-store-down.test.ts": { on: ["node-sqlite"], why: "locks the database" },
};

/** By file and full name of a test: why it does not hold. It is run all the same, and must fail, so that no entry outlives its reason. */
export type Differences = Readonly<Record<string, Readonly<Record<string, string>>>>;

export const DIFFERENCES: Readonly<Record<GatewayKind, Differences>> = {
  "node-sqlite": {},
  "node-redis": {},
};

/** The files that are not for this kind. */
export const filesElsewhere = (kind: GatewayKind): string[] =>
  Object.entries(INSIDE).flatMap(([file, { on }]) => (on.includes(kind) ? [] : [file]));
