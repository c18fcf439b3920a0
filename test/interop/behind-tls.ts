import { Agent, fetch as undiciFetch } from "undici";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { startTlsTerminator } from "../support/tls-terminator.ts";

export interface GatewayBehindTls {
  readonly gateway: GatewayProcess;
  /** `https://localhost:port`. */
  readonly issuer: string;
  readonly ca: string;
  /** `fetch` that trusts the terminator's certificate and no other. */
  readonly fetch: (url: string, init: object) => Promise<Response>;
}

/** A gateway with an https issuer, as strict clients ask for. */
export async function startGatewayBehindTls(config: Readonly<Record<string, unknown>>): Promise<GatewayBehindTls> {
  const tls = await startTlsTerminator();
  const gateway = await startGateway({ issuer: tls.origin, trustedProxies: ["127.0.0.1/32"], ...config });
  tls.forwardTo(gateway.url);
  const dispatcher = new Agent({ connect: { ca: tls.ca } });
  return {
    gateway,
    issuer: tls.origin,
    ca: tls.ca,
    async fetch(url, init) {
      const response = await undiciFetch(url, { ...init, dispatcher });
      const body = await response.arrayBuffer();
      // The global Response, not undici's own: libraries are typed against it. A 204 may have no body, not even an empty one.
      return new Response(body.byteLength === 0 ? null : body, {
        status: response.status,
        headers: [...response.headers],
      });
    },
  };
}
