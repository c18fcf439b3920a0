/** `WWW-Authenticate` values (RFC 6750 §3). `error` goes out only when a token was sent. */
export const CHALLENGE_NO_TOKEN = "Bearer";
export const CHALLENGE_INVALID_TOKEN = 'Bearer error="invalid_token"';
