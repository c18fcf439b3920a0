import { StoreOutcomeUnknown, StoreUnavailable } from "../../stores/store.ts";

const STATUS = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  invalid_scope: 400,
  server_error: 500,
  temporarily_unavailable: 503,
} as const;

/** RFC 6749 §5.2, and from §4.1.2.1 the two for what is not the client's fault. */
export type OAuthErrorCode = keyof typeof STATUS;

/** A refusal on its way to the client. The message becomes `error_description`: ASCII, and no secret or token in it. */
export class OAuthError extends Error {
  override readonly name = "OAuthError";
  readonly code: OAuthErrorCode;
  readonly status: number;
  readonly allow: string | null;

  constructor(code: OAuthErrorCode, description: string, options: { status?: number; allow?: string } = {}) {
    super(description);
    this.code = code;
    this.status = options.status ?? STATUS[code];
    this.allow = options.allow ?? null;
  }
}

/** A store that fails is 503 and to be asked again (RFC 7009 §2.2.1), never a refusal of what was shown. */
export function asOAuthError(error: unknown): OAuthError | null {
  if (error instanceof OAuthError) return error;
  if (error instanceof StoreUnavailable)
    return new OAuthError("temporarily_unavailable", "the store cannot be reached");
  if (error instanceof StoreOutcomeUnknown)
    return new OAuthError("temporarily_unavailable", "the store did not confirm");
  return null;
}

export function oauthErrorResponse(error: OAuthError): Response {
  const headers = new Headers({ "Content-Type": "application/json", "Cache-Control": "no-store", Pragma: "no-cache" });
  if (error.status === 401) headers.set("WWW-Authenticate", 'Basic realm="postern", charset="UTF-8"');
  if (error.status === 503) headers.set("Retry-After", "1");
  if (error.allow !== null) headers.set("Allow", error.allow);
  const body = JSON.stringify({ error: error.code, error_description: error.message });
  return new Response(body, { status: error.status, headers });
}
