import type { Answer, Browser } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";

export const REFRESH_COOKIE = "__Host-Http-postern";

/** The refresh token that a browser keeps. */
export const cookieOf = (browser: Browser): string => browser.cookies.get(REFRESH_COOKIE) ?? "";

/** Status and problem code: what an attacker is told. */
export const told = (answer: Answer): readonly [number, string] => [
  answer.status,
  answer.status === 200 ? "" : answer.json<{ code: string }>().code,
];

/** The parts of a refresh token (docs/security.md): its mac covers everything before it. */
export function partsOf(token: string): {
  readonly sub: string;
  readonly sid: string;
  readonly generation: number;
  readonly r: string;
} {
  const [, , , sub = "", sid = "", generation = "", r = ""] = token.split(".");
  return { sub, sid, generation: Number(generation), r };
}

/** Logs Alice in with a session whose refresh token travels in bodies. */
export async function loginInBody(browser: Browser): Promise<string> {
  const answer = await browser.login(ALICE.name, ALICE.password, { refresh: "body" });
  return answer.json<{ refresh_token: string }>().refresh_token;
}

/** A refresh as an OAuth client makes it (RFC 6749 §6). */
export const grantRefresh = (browser: Browser, token: string, more: Record<string, string> = {}): Promise<Answer> =>
  browser.fetch("/oauth/token", {
    form: { grant_type: "refresh_token", client_id: "postern", refresh_token: token, ...more },
  });
