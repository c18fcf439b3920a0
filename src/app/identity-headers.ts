import type { HeaderList } from "../lib/header-list.ts";
import type { IdentityHeaderNames } from "../protocol/names.ts";
import type { Principal } from "../tokens/principal.ts";

/** The identity headers without those that have nothing to say. */
export function identityHeaderList(names: IdentityHeaderNames, principal: Principal, assertion: string): HeaderList {
  const headers: string[] = [names.user, principal.sub];
  if (principal.name !== null) headers.push(names.name, fieldText(principal.name));
  if (principal.sid !== null) headers.push(names.session, principal.sid);
  if (principal.roles.length > 0) headers.push(names.roles, principal.roles.join(" "));
  if (principal.scopes.length > 0) headers.push(names.scope, principal.scopes.join(" "));
  headers.push(names.identity, assertion);
  return headers;
}

/** Every identity header, empty where there is nothing to say: a proxy that copies them copies over what a client sent. */
export function completeIdentityHeaders(names: IdentityHeaderNames, given: HeaderList): HeaderList {
  const there = new Set(given.filter((_, index) => index % 2 === 0));
  const missing = Object.values(names).filter((name) => !there.has(name));
  return [...given, ...missing.flatMap((name) => [name, ""])];
}

/** Header fields are ASCII (RFC 9110 §5.5): other characters go as percent-encoded UTF-8. Names hold no `%` of their own. */
const fieldText = (text: string): string => (/^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text));
