import { ACCESS_COOKIE, REFRESH_COOKIE } from "../protocol/names.ts";

/** `Lax` where some route uses session mode: page loads that come from other sites must find the session. */
export type SameSite = "Strict" | "Lax";

/** The attributes are constants, so that nothing a request says can reach them (CVE-2026-47675). */
const REFRESH_ATTRIBUTES = {
  Strict: "Path=/; Secure; HttpOnly; SameSite=Strict",
  Lax: "Path=/; Secure; HttpOnly; SameSite=Lax",
} as const;

/** `maxAge`: whole seconds until the session's absolute end. */
export function refreshCookie(token: string, maxAge: number, sameSite: SameSite): string {
  return `${REFRESH_COOKIE}=${token}; Max-Age=${Math.max(0, Math.floor(maxAge))}; ${REFRESH_ATTRIBUTES[sameSite]}`;
}

/** `maxAge`: whole seconds until the access token expires. */
export function accessCookie(token: string, maxAge: number): string {
  return `${ACCESS_COOKIE}=${token}; Max-Age=${Math.max(0, Math.floor(maxAge))}; ${REFRESH_ATTRIBUTES.Lax}`;
}

/** Removes both cookies: only logout sends these. Same attributes as when they were set, or browsers keep them. */
export function clearedCookies(sameSite: SameSite): string[] {
  return [refreshCookie("", 0, sameSite), accessCookie("", 0)];
}
