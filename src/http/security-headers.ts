/** Headers for every answer of Postern's own (OWASP secure headers; ASVS 3.4). Answers of upstreams keep their own. */
const ALWAYS: readonly (readonly [string, string])[] = [
  ["X-Content-Type-Options", "nosniff"],
  ["Referrer-Policy", "no-referrer"],
  [
    "Content-Security-Policy",
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'",
  ],
];
const HSTS = ["Strict-Transport-Security", "max-age=31536000; includeSubDomains"] as const;

/** `origin`: the issuer's. HSTS says nothing over plain http (RFC 6797 §7.2). */
export function securityHeaders(origin: string): readonly (readonly [string, string])[] {
  return origin.startsWith("https:") ? [...ALWAYS, HSTS] : ALWAYS;
}
