import { request as plainRequest } from "node:http";
import { createServer } from "node:https";
import { selfSigned } from "./certificates.ts";
import { listen } from "./listen.ts";

export interface TlsTerminator {
  /** `https://localhost:port`: the issuer of the gateway behind it. */
  readonly origin: string;
  /** The certificate to trust, in PEM. */
  readonly ca: string;
  /** Where requests go from now on, `http://host:port`. */
  forwardTo(url: string): void;
  close(): Promise<void>;
}

/** Takes off TLS in front of a gateway, as a load balancer does. Starts first, so that the issuer's port is known. */
export async function startTlsTerminator(): Promise<TlsTerminator> {
  const { cert, key } = await selfSigned("localhost");
  let target: URL | null = null;
  const server = createServer({ key, cert }, (request, response) => {
    if (target === null) {
      response.writeHead(502).end();
      return;
    }
    const { hostname, port } = target;
    const headers = { ...request.headers, "x-forwarded-proto": "https", "x-forwarded-for": "127.0.0.1" };
    const onward = plainRequest({ hostname, port, method: request.method, path: request.url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.once("error", () => response.destroy());
    request.pipe(onward);
  });
  const { port, close } = await listen(server);
  return {
    origin: `https://localhost:${port}`,
    ca: cert,
    forwardTo(url) {
      target = new URL(url);
    },
    close,
  };
}
