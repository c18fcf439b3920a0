import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Contender } from "../contender.ts";
import { ISSUER, USERS } from "../issuer.ts";
import { versionOf } from "../machine.ts";
import { freePort, startListening } from "../processes.ts";

const version = versionOf("haproxy", "-v");

/** Algorithm, signature, issuer and expiry are checked; one process, one thread. */
const configuration = (alg: string, publicKeyFile: string, port: number, upstream: number): string => `
global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  http-reuse always
frontend gateway
  bind 127.0.0.1:${port}
  http-request set-var(txn.token) http_auth_bearer
  http-request set-var(txn.exp) var(txn.token),jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless { var(txn.token),jwt_header_query('$.alg') -m str ${alg} }
  http-request deny deny_status 401 unless { var(txn.token),jwt_payload_query('$.iss') -m str ${ISSUER} }
  http-request deny deny_status 401 if { var(txn.exp),sub(txn.now) -m int lt 0 }
  http-request deny deny_status 401 unless { var(txn.token),jwt_verify("${alg}","${publicKeyFile}") 1 }
  default_backend service
backend service
  server one 127.0.0.1:${upstream}
`;

const haproxy = (alg: "ES256" | "RS256"): Contender => ({
  name: `haproxy-${alg.toLowerCase()}`,
  label: `HAProxy ${version?.match(/version ([\d.]+)/)?.[1] ?? ""} jwt_verify ${alg}`,
  missing: version === null ? "haproxy is not installed" : null,
  async start(ground) {
    const port = await freePort();
    const issuer = alg === "ES256" ? ground.es256 : ground.rs256;
    const folder = mkdtempSync(join(ground.folder, "haproxy-"));
    const keyFile = join(folder, "public.pem");
    const file = join(folder, "haproxy.cfg");
    writeFileSync(keyFile, issuer.publicPem);
    writeFileSync(file, configuration(alg, keyFile, port, ground.upstreamPort));
    const { pid, stop } = await startListening(
      { name: "haproxy", command: "haproxy", args: ["-db", "-f", file], core: "contender", folder },
      port,
    );
    return { pid, port, users: await issuer.tokens(USERS), tokens: issuer.tokens, stop };
  },
});

export const haproxyEs256 = haproxy("ES256");
export const haproxyRs256 = haproxy("RS256");
