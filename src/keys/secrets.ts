import { encodeBase64url } from "../lib/base64url.ts";

/** The present secret and, while it is being changed, the one before: keys by HKDF-SHA-256 (RFC 5869), one label a use. */
export interface SecretRing {
  /** Id of the secret that makes what is new. */
  readonly currentId: string;
  /** Ids of every secret known, the present one first. */
  readonly ids: readonly string[];
  /** 32 bytes, or null when no secret with this id is known. Derived anew at each call: hold the key, not the ring's answer. */
  subkey(secretId: string, label: string): Promise<Uint8Array<ArrayBuffer> | null>;
}

/** Takes the secrets as text: their UTF-8 bytes are the key material. */
export async function createSecretRing(secrets: {
  readonly secret: string;
  readonly previous: string | null;
}): Promise<SecretRing> {
  const materials = new Map<string, CryptoKey>();
  for (const text of secrets.previous === null ? [secrets.secret] : [secrets.secret, secrets.previous]) {
    const material = await importMaterial(text);
    // Public: tokens and stored keys carry it. 48 bits tell two secrets apart and say nothing about either.
    materials.set(encodeBase64url(await derive(material, "secret id", 6)), material);
  }
  const ids = [...materials.keys()];
  const [currentId] = ids;
  if (currentId === undefined) throw new TypeError("a secret ring needs a secret");
  return {
    currentId,
    ids,
    async subkey(secretId, label) {
      const material = materials.get(secretId);
      return material === undefined ? null : derive(material, label, 32);
    },
  };
}

const utf8 = new TextEncoder();

const importMaterial = (text: string): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", utf8.encode(text), "HKDF", false, ["deriveBits"]);

async function derive(material: CryptoKey, label: string, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const info = utf8.encode(`postern ${label}`);
  const params = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info };
  return new Uint8Array(await crypto.subtle.deriveBits(params, material, bytes * 8));
}
