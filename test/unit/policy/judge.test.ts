import { describe, expect, test } from "vitest";
import { judge } from "../../../src/policy/judge.ts";
import type { Access } from "../../../src/routing/route.ts";
import { ISSUED_AT as NOW, principalOf as principal } from "../../support/principal.ts";

const required = (more: Partial<Extract<Access, { kind: "required" }>> = {}): Access => ({
  kind: "required",
  scopes: [],
  roles: [],
  maxAge: null,
  ...more,
});

describe("judge", () => {
  test("public and optional routes let everybody pass", () => {
    expect(judge({ kind: "public" }, null, NOW)).toBeNull();
    expect(judge({ kind: "optional" }, null, NOW)).toBeNull();
  });

  test("a required route asks for a token, without an error where none was sent (RFC 6750 §3)", () => {
    const problem = judge(required({ scopes: ["orders:read"] }), null, NOW);
    expect(problem?.code).toBe("unauthenticated");
    expect(problem?.challenge).toMatch(/^Bearer/);
    expect(problem?.challenge).not.toContain("error");
    expect(judge(required(), principal(), NOW)).toBeNull();
  });

  test("all scopes are needed, and the challenge names them", () => {
    expect(judge(required({ scopes: ["orders:read"] }), principal(), NOW)).toBeNull();
    expect(judge(required({ scopes: ["orders:read", "orders:write"] }), principal(), NOW)).toEqual({
      code: "insufficient_scope",
      challenge: 'Bearer error="insufficient_scope", scope="orders:read orders:write"',
    });
  });

  test("one of the roles is enough", () => {
    expect(judge(required({ roles: ["admin", "user"] }), principal(), NOW)).toBeNull();
    expect(judge(required({ roles: ["admin"] }), principal(), NOW)).toEqual({ code: "forbidden" });
  });

  test("a login older than maxAge is challenged as RFC 9470 §3 says", () => {
    expect(judge(required({ maxAge: 60_000 }), principal(), NOW)).toBeNull();
    expect(judge(required({ maxAge: 59_999 }), principal(), NOW)).toEqual({
      code: "step_up",
      challenge:
        'Bearer error="insufficient_user_authentication", error_description="A more recent login is needed", max_age="59"',
    });
  });

  test("a client never logged in, so no age is young enough", () => {
    expect(judge(required({ maxAge: 60_000 }), principal({ authTime: null }), NOW)?.code).toBe("step_up");
  });

  test("a missing role is told before a login that would not help", () => {
    expect(judge(required({ roles: ["admin"], maxAge: 1 }), principal(), NOW)?.code).toBe("forbidden");
  });
});
