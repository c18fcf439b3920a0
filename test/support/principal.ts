import type { Principal } from "../../src/tokens/principal.ts";

/** When the principal of a test was issued, in milliseconds since 1970. */
export const ISSUED_AT = 1_800_000_000_000;

/** Somebody who has just logged in. */
export const principalOf = (more: Partial<Principal> = {}): Principal => ({
  sub: "u_1",
  name: "ada",
  sid: "s_1",
  clientId: "postern",
  jti: "j",
  kid: "k",
  issuedAt: ISSUED_AT,
  exp: ISSUED_AT / 1000 + 300,
  authTime: ISSUED_AT / 1000 - 60,
  amr: ["pwd"],
  roles: ["user"],
  scopes: ["orders:read"],
  ...more,
});
