// The yardstick: Node's own server and undici, nothing between them but the hop-by-hop headers (RFC 9110 §7.6.1).
// With a key it also checks the bearer token's signature, and nothing else of it: the least that a new token can cost.
import { createPublicKey, verify } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import { type Dispatcher, Pool } from "undici";

const { PORT, UPSTREAM, PUBLIC_KEY } = process.env;
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
const publicKey = PUBLIC_KEY ? createPublicKey(PUBLIC_KEY) : null;
const pool = new Pool(`http://127.0.0.1:${UPSTREAM}`, { connections: 64 });

function endToEnd(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? "";
    if (!HOP_BY_HOP.has(name.toLowerCase())) kept.push(name, raw[index + 1] ?? "");
  }
  return kept;
}

function hasGoodSignature(authorization: string | undefined): boolean {
  if (publicKey === null) return true;
  const token = authorization?.slice("Bearer ".length) ?? "";
  const dot = token.lastIndexOf(".");
  const signature = Buffer.from(token.slice(dot + 1), "base64url");
  return verify("sha256", Buffer.from(token.slice(0, dot)), { key: publicKey, dsaEncoding: "ieee-p1363" }, signature);
}

const relayTo = (response: ServerResponse): Dispatcher.DispatchHandler => ({
  onRequestStart() {},
  onResponseStart(_controller, status, headers) {
    delete headers.connection;
    delete headers["keep-alive"];
    response.writeHead(status, headers);
  },
  onResponseData(controller, chunk) {
    if (response.write(chunk)) return;
    controller.pause();
    response.once("drain", () => controller.resume());
  },
  onResponseEnd() {
    response.end();
  },
  onResponseError() {
    response.writeHead(502).end();
  },
});

const server = createServer((request, response) => {
  if (!hasGoodSignature(request.headers.authorization)) {
    response.writeHead(401).end();
    return;
  }
  const hasBody = request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined;
  pool.dispatch(
    {
      path: request.url ?? "/",
      method: request.method ?? "GET",
      headers: endToEnd(request.rawHeaders),
      body: hasBody ? request : null,
    },
    relayTo(response),
  );
});
// Five seconds otherwise; the gateways beside it wait this long.
server.keepAliveTimeout = 75_000;
server.listen(Number(PORT), "127.0.0.1");
