import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from "jose";
import { decodeBase64url } from "../lib/base64url.ts";
import { ALGORITHMS, IDENTITY_TOKEN_TYPE, type IdentityClaims } from "../protocol/claims.ts";

export type { IdentityClaims } from "../protocol/claims.ts";

export interface VerifierOptions {
  /** The gateway's `issuer`, exactly as configured there. */
  readonly issuer: string;
  /** The name that the gateway's configuration gives to this service as an upstream. */
  readonly audience: string;
  /** Where the gateway's key set is; `/.well-known/jwks.json` on the issuer's origin by default. */
  readonly jwksUri?: string | URL;
  /** The global `fetch` by default. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds since 1970; `Date.now` by default. */
  readonly now?: () => number;
}

export interface Verifier {
  /**
   * The claims of an assertion: the header `X-Auth-Identity`, as Node gives it. Rejects with IdentityRefused and with nothing else;
   * a request without the header is `invalid`.
   */
  verify(assertion: string | readonly string[] | undefined): Promise<IdentityClaims>;
}

/**
 * Why an assertion was not accepted. `invalid`: no assertion from this gateway for this service; `expired`: it was one;
 * `unavailable`: the keys to check it with can't be had at present, and the request should be answered 503, not 401.
 */
export class IdentityRefused extends Error {
  override readonly name = "IdentityRefused";
  readonly code: "invalid" | "expired" | "unavailable";

  constructor(code: "invalid" | "expired" | "unavailable") {
    super(MESSAGES[code]);
    this.code = code;
  }
}

const MESSAGES = {
  invalid: "the identity assertion is not valid",
  expired: "the identity assertion has expired",
  unavailable: "the gateway's keys cannot be had",
} as const;

/** Seconds that this service's clock may differ from the gateway's. */
const CLOCK_TOLERANCE = 5;
const LIFETIME = 60;
/** Milliseconds between two fetches of the key set that unknown kids, or failures, ask for. */
const COOL_DOWN = 5_000;
const MAX_LENGTH = 8192;

/**
 * Checks the identity assertions that a gateway sends to this service. Make one and keep it: it holds the gateway's keys. Throws
 * TypeError on an issuer that is no URL and on an empty audience.
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const { issuer, audience, now = Date.now } = options;
  // Without one to compare with, the assertions for every service would pass here: this one's peers could act as its users.
  if (typeof audience !== "string" || audience === "")
    throw new TypeError("audience: the name of this service is needed");
  const url = new URL(options.jwksUri ?? "/.well-known/jwks.json", issuer);
  const keys = createRemoteJWKSet(url, {
    cooldownDuration: COOL_DOWN,
    [customFetch]: afterFailuresWait(options.fetch ?? fetch, now),
  });

  return {
    async verify(assertion) {
      if (typeof assertion !== "string" || !isCanonical(assertion)) throw new IdentityRefused("invalid");
      try {
        const { payload } = await jwtVerify(assertion, keys, {
          algorithms: [...ALGORITHMS],
          typ: IDENTITY_TOKEN_TYPE,
          issuer,
          audience,
          requiredClaims: ["exp"],
          maxTokenAge: LIFETIME,
          clockTolerance: CLOCK_TOLERANCE,
          currentDate: new Date(now()),
        });
        return readIdentity(payload, audience);
      } catch (error) {
        throw new IdentityRefused(codeOf(error));
      }
    },
  };
}

type Fetch = NonNullable<VerifierOptions["fetch"]>;

/** jose waits between fetches that succeeded; a gateway that is away must not be asked by every request either. */
function afterFailuresWait(send: Fetch, now: () => number): Fetch {
  let failedAt = Number.NEGATIVE_INFINITY;
  return async (url, init) => {
    if (Math.abs(now() - failedAt) < COOL_DOWN) throw new IdentityRefused("unavailable");
    try {
      const response = await send(url, init);
      if (response.status !== 200) failedAt = now();
      return response;
    } catch (error) {
      failedAt = now();
      throw error;
    }
  };
}

/** Three parts, each with the one spelling that its bytes have: jose would let others pass. */
const isCanonical = (text: string): boolean =>
  text.length <= MAX_LENGTH &&
  /^[^.]+\.[^.]+\.[^.]+$/.test(text) &&
  text.split(".").every((part) => decodeBase64url(part) !== null);

function readIdentity(payload: JWTPayload, audience: string): IdentityClaims {
  const { iss, sub, exp, iat, jti, client_id, scope, sid, preferred_username, roles } = payload;
  if (!isText(iss) || !isText(sub) || !isText(jti) || !isText(client_id) || !isText(scope)) return refuse();
  if (typeof exp !== "number" || typeof iat !== "number") return refuse();
  if (!isOptional(sid, isText) || !isOptional(preferred_username, isText) || !isOptional(roles, isTexts))
    return refuse();
  return {
    ...{ iss, aud: audience, sub, exp, iat, jti, client_id, scope },
    ...(sid === undefined ? {} : { sid }),
    ...(preferred_username === undefined ? {} : { preferred_username }),
    ...(roles === undefined ? {} : { roles }),
  };
}

const refuse = (): never => {
  throw new IdentityRefused("invalid");
};

const isText = (value: unknown): value is string => typeof value === "string";
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
const isOptional = <Value>(value: unknown, is: (value: unknown) => value is Value): value is Value | undefined =>
  value === undefined || is(value);

const INVALID_CODES: ReadonlySet<string> = new Set([
  errors.JWTClaimValidationFailed.code,
  errors.JWTInvalid.code,
  errors.JWSInvalid.code,
  errors.JWSSignatureVerificationFailed.code,
  errors.JOSEAlgNotAllowed.code,
  errors.JOSENotSupported.code,
  errors.JWKSNoMatchingKey.code,
  errors.JWKSMultipleMatchingKeys.code,
]);

/** Whatever is not known to be the assertion's fault is the key set's. */
function codeOf(error: unknown): IdentityRefused["code"] {
  if (error instanceof IdentityRefused) return error.code;
  if (error instanceof errors.JWTExpired) return "expired";
  return error instanceof errors.JOSEError && INVALID_CODES.has(error.code) ? "invalid" : "unavailable";
}
