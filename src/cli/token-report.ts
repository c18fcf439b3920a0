import { decodeJwt, decodeProtectedHeader } from "jose";
import type { Config } from "../config/config.ts";
import type { SignatureCheck } from "../keys/key-ring.ts";
import { readPublicJwk } from "../keys/public-jwk.ts";
import { RevocationView } from "../revocation/view.ts";
import type { RefreshTokens } from "../sessions/refresh-token.ts";
import type { Store } from "../stores/store.ts";
import { readClaims } from "../tokens/claims.ts";
import { parseJsonObject, readHeader, splitJws } from "../tokens/parse-jwt.ts";

/** What a token says, and what is to be thought of it. Never holds a signature or the random part of a refresh token. */
export type TokenReport =
  | {
      readonly kind: "jwt";
      readonly header: object;
      readonly claims: object;
      /** `iat`, `exp` and the like, ISO 8601 in UTC. */
      readonly times: Readonly<Record<string, string>>;
      readonly verdict: "good" | "expired" | "revoked" | "not_verified";
      readonly why: string;
    }
  | {
      readonly kind: "refresh";
      readonly user: string;
      readonly session: string;
      readonly channel: string;
      readonly generation: number;
      readonly secretId: string;
      readonly verdict: "good" | "not_current" | "ended";
      readonly why: string;
    }
  | { readonly kind: "unknown"; readonly verdict: "not_verified"; readonly why: string };

export interface InspectionContext {
  readonly store: Store;
  readonly config: Pick<Config, "issuer" | "audience">;
  readonly signature: SignatureCheck;
  readonly refreshTokens: RefreshTokens;
}

export async function inspectToken(context: InspectionContext, text: string): Promise<TokenReport> {
  const refresh = await context.refreshTokens.decode(text);
  if (refresh !== null) {
    const { sub, sid, generation, channel, secretId } = refresh;
    const parts = { kind: "refresh", user: sub, session: sid, channel, generation, secretId } as const;
    const session = await context.store.session({ sub, sid });
    if (session === null) return { ...parts, verdict: "ended", why: "its session has ended" };
    if (session.generation === generation) {
      return { ...parts, verdict: "good", why: "it is the current token of a live session" };
    }
    return { ...parts, verdict: "not_current", why: `the session is at generation ${session.generation}` };
  }
  const decoded = decode(text);
  if (decoded === null) {
    const why = "it is no JWT, and no refresh token made with the present secrets";
    return { kind: "unknown", verdict: "not_verified", why };
  }
  return { kind: "jwt", ...decoded, times: timesIn(decoded.claims), ...(await judge(context, text)) };
}

function decode(text: string): { readonly header: object; readonly claims: Readonly<Record<string, unknown>> } | null {
  try {
    return { header: decodeProtectedHeader(text), claims: decodeJwt(text) };
  } catch {
    return null;
  }
}

type Judgement = Pick<Extract<TokenReport, { kind: "jwt" }>, "verdict" | "why">;

const unverified = (why: string): Judgement => ({ verdict: "not_verified", why });

/** As a gateway would judge it, in its order. */
async function judge({ store, config, signature }: InspectionContext, text: string): Promise<Judgement> {
  const jws = splitJws(text);
  const header = jws === null ? null : readHeader(jws.header);
  const claims = jws === null ? null : parseJsonObject(jws.payload);
  if (jws === null || header === null || claims === null) return unverified("it has not the form of a token of ours");
  const { keys, now } = await store.keys({});
  const key = keys.find(({ kid }) => kid === header.kid);
  if (key === undefined) return unverified(`no key ${header.kid} is in this store`);
  const jwk = readPublicJwk(key.publicJwk, key.kid, key.alg);
  if (!jwk.ok || header.alg !== key.alg) return unverified("its algorithm is not that of its key");
  const handle = await signature.importKey(jwk.jwk, key.alg);
  const verifyKey = { kid: key.kid, alg: key.alg, jwk: jwk.jwk, handle };
  if (!(await signature.verify(verifyKey, jws.signingInput, jws.signature)))
    return unverified("its signature is wrong");
  if (key.revokedAt !== null) return { verdict: "revoked", why: "its signing key has been revoked" };
  if (!/^(?:application\/)?at\+jwt$/i.test(header.typ)) {
    return unverified(`its signature is right, but it is a ${header.typ} and no access token`);
  }
  const principal = readClaims(claims, key.kid, config, now);
  if (principal === null)
    return unverified("its signature is right, but its claims are for another issuer or audience");
  if (principal.exp * 1000 <= now) return { verdict: "expired", why: "its time has run out" };
  const view = await readView(store);
  if (view.refuses(principal)) return { verdict: "revoked", why: "a revocation names it" };
  return { verdict: "good", why: "a gateway takes it" };
}

async function readView(store: Store): Promise<RevocationView> {
  const view = new RevocationView();
  let page = await store.readFeed({ after: null, limit: 10_000 });
  for (;;) {
    for (const entry of page.entries) view.apply(entry);
    if (page.end) return view;
    page = await store.readFeed({ after: page.cursor, limit: 10_000 });
  }
}

function timesIn(claims: Readonly<Record<string, unknown>>): Record<string, string> {
  const times: Record<string, string> = {};
  for (const name of ["iat", "nbf", "exp", "auth_time"]) {
    const seconds = claims[name];
    // What a Date can hold: claims of a foreign token may be anything.
    if (typeof seconds !== "number" || !(Math.abs(seconds) <= 8.64e12)) continue;
    times[name] = new Date(seconds * 1000).toISOString();
  }
  return times;
}
