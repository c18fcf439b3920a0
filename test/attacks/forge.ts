import { createPrivateKey, sign } from "node:crypto";
import { createSecretRing } from "../../src/keys/secrets.ts";
import { unwrap } from "../../src/keys/wrap.ts";
import type { Store } from "../../src/stores/store.ts";
import { type AttackedGateway, attackedGateway } from "./attacked-gateway.ts";

type Members = Readonly<Record<string, unknown>>;

/** Signs whatever it is given with a gateway's own signing key, as nobody but the gateway can: what is left to refuse is the content. */
export interface Forge {
  readonly kid: string;
  readonly publicJwk: Members;
  /** A header and a payload, as objects or as the very text. */
  sign(header: Members | string, payload: Members | string | Uint8Array): string;
  /** A token as another one, with other members: `undefined` takes one away. */
  like(token: string, changes?: { readonly header?: Members; readonly claims?: Members }): string;
}

const SECRET = "a secret that the test shares with its gateway";

/** A gateway whose signing key the test has as well. */
export async function forgingGateway(
  input: Members = {},
): Promise<{ readonly subject: AttackedGateway; readonly forge: Forge }> {
  const subject = await attackedGateway(input, SECRET);
  return { subject, forge: await openForge(subject.store, SECRET) };
}

/** Takes the signing key out of a store, with the secret that it is wrapped under. */
export async function openForge(store: Pick<Store, "keys">, secret: string): Promise<Forge> {
  const [stored] = (await store.keys({})).keys;
  if (stored === undefined) throw new Error("the store has no signing key");
  const bytes = await unwrap(stored.kid, stored, await createSecretRing({ secret, previous: null }));
  if (typeof bytes === "string") throw new Error(`the signing key does not open: ${bytes}`);
  const key = createPrivateKey({ key: JSON.parse(Buffer.from(bytes).toString()), format: "jwk" });
  const forge: Forge = {
    kid: stored.kid,
    publicJwk: JSON.parse(stored.publicJwk),
    sign: (header, payload) =>
      compact(header, payload, (input) => sign("sha256", input, { key, dsaEncoding: "ieee-p1363" })),
    like(token, { header = {}, claims = {} } = {}) {
      const real = readToken(token);
      return forge.sign({ ...real.header, ...header }, { ...real.claims, ...claims });
    },
  };
  return forge;
}

/** A compact JWS with whatever signature `signer` makes. */
export function compact(
  header: Members | string,
  payload: Members | string | Uint8Array,
  signer: (input: Buffer) => Uint8Array,
): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${encode(signer(Buffer.from(input)))}`;
}

const encode = (part: Members | string | Uint8Array): string =>
  Buffer.from(typeof part === "string" || part instanceof Uint8Array ? part : JSON.stringify(part)).toString(
    "base64url",
  );

/** What anybody can read of a token. */
export function readToken(token: string): { readonly header: Members; readonly claims: Members } {
  const [header = "", claims = ""] = token.split(".").map((part) => Buffer.from(part, "base64url").toString());
  return { header: JSON.parse(header), claims: JSON.parse(claims) };
}
