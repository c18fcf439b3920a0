/** A user whose password passes the rules. */
export const ALICE = { name: "alice", password: "violet-kayak-94-thunder" } as const;
export const BOB = { name: "bob", password: "copper-meadow-27-lantern" } as const;

/** Roles that tests give out. */
export const ROLES = {
  user: { scopes: ["orders:read"] },
  admin: { scopes: ["orders:read", "orders:write"] },
} as const;
