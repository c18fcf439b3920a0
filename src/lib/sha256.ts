import { encodeBase64url } from "./base64url.ts";

/** Base64url of SHA-256 of a text's UTF-8 bytes: 43 characters. */
export async function sha256(text: string): Promise<string> {
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}
