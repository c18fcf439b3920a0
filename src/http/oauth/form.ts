import { OAuthError } from "./oauth-error.ts";

/** The parameters of a request body. Those without a value are left out, as RFC 6749 §3.2 wants them treated. */
export type Form = ReadonlyMap<string, string>;

/** Parses `application/x-www-form-urlencoded`. No parameter may come twice (RFC 6749 §3.2). */
export function parseForm(contentType: string | undefined, body: Uint8Array): Form {
  if (contentType?.split(";")[0]?.trim().toLowerCase() !== "application/x-www-form-urlencoded") {
    throw new OAuthError("invalid_request", "the body must be application/x-www-form-urlencoded");
  }
  const form = new Map<string, string>();
  const seen = new Set<string>();
  for (const [name, value] of new URLSearchParams(new TextDecoder().decode(body))) {
    if (seen.has(name)) throw new OAuthError("invalid_request", "a parameter came more than once");
    seen.add(name);
    if (value !== "") form.set(name, value);
  }
  return form;
}

export function required(form: Form, name: string): string {
  const value = form.get(name);
  if (value === undefined) throw new OAuthError("invalid_request", `${name} is missing`);
  return value;
}

/** The scopes that were asked for (RFC 6749 §3.3), or null where none were. */
export function requestedScopes(form: Form): readonly string[] | null {
  const scope = form.get("scope");
  if (scope === undefined) return null;
  if (!/^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/.test(scope)) {
    throw new OAuthError("invalid_scope", "the scope is not a list of scope tokens");
  }
  return [...new Set(scope.split(" "))];
}
