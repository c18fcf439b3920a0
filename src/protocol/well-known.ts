/** RFC 8615 §3. */
export const WELL_KNOWN = "/.well-known/";

export const JWKS_PATH = `${WELL_KNOWN}jwks.json`;

const METADATA_PATH = `${WELL_KNOWN}oauth-authorization-server`;

/** Where the metadata document of an issuer is: before the issuer's own path (RFC 8414 §3.1), and without that path too. */
export function metadataPaths(issuer: string): readonly string[] {
  const path = new URL(issuer).pathname.replace(/\/$/, "");
  return path === "" ? [METADATA_PATH] : [METADATA_PATH, METADATA_PATH + path];
}
