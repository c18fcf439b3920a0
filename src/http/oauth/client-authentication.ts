import { secretMatches } from "../../accounts/client-secret.ts";
import type { Services } from "../services.ts";
import { findClient, type OAuthClient } from "./client.ts";
import type { Form } from "./form.ts";
import { OAuthError } from "./oauth-error.ts";

interface Credentials {
  readonly id: string;
  readonly secret: string | null;
}

/**
 * Authenticates the calling client by `client_secret_basic` or `client_secret_post` (RFC 6749 §2.3.1); the public client
 * names itself by `client_id`. An unknown client and a wrong secret get one answer.
 */
export async function authenticateClient(
  services: Services,
  authorization: string | undefined,
  form: Form,
): Promise<OAuthClient> {
  const { id, secret } = readCredentials(authorization, form);
  const client = await findClient(services, id);
  if (client?.kind === "public" && secret === null) return client;
  if (client?.kind === "confidential" && secret !== null && (await secretMatches(client.secretHash, secret)))
    return client;
  throw new OAuthError("invalid_client", "client authentication failed");
}

function readCredentials(authorization: string | undefined, form: Form): Credentials {
  const id = form.get("client_id") ?? null;
  const secret = form.get("client_secret") ?? null;
  if (authorization === undefined) {
    if (id === null) throw new OAuthError("invalid_client", "client authentication is missing");
    return { id, secret };
  }
  const basic = parseBasic(authorization);
  if (basic === null) throw new OAuthError("invalid_client", "the Authorization header is not usable");
  if (secret !== null) throw new OAuthError("invalid_request", "the client authenticated in two ways");
  if (id !== null && id !== basic.id) throw new OAuthError("invalid_request", "two clients are named");
  return basic;
}

/** Id and secret are form-encoded before they are joined (RFC 6749 §2.3.1). */
function parseBasic(authorization: string): Credentials | null {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  if (encoded === undefined) return null;
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const colon = text.indexOf(":");
    if (colon < 1) return null;
    return { id: formDecode(text.slice(0, colon)), secret: formDecode(text.slice(colon + 1)) };
  } catch {
    return null;
  }
}

const formDecode = (text: string): string => decodeURIComponent(text.replaceAll("+", " "));
