// The memory of a body's pieces is given back while others of its kind are under way: whatever comes out must be what went in.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, request as plainRequest, type RequestListener } from "node:http";
import { createServer as createSecureServer, request as secureRequest } from "node:https";
import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { selfSigned } from "../support/certificates.ts";
import { listen } from "../support/listen.ts";
import { startTestGateway } from "./proxy-gateway.ts";

const AT_ONCE = 6;
const SIZE = 4_000_000;
const CERTIFICATE = await selfSigned("localhost");

/** Reads a whole body, more slowly than it is sent, so that it waits in every buffer on its way. */
async function readSlowly(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of message) {
    pieces.push(piece);
    await setImmediate();
  }
  return Buffer.concat(pieces);
}

/** Answers with the request's body, with its length where the request has said it. */
const mirror: RequestListener = async (request, response) => {
  const body = await readSlowly(request);
  const length = request.headers["content-length"];
  response.writeHead(200, length === undefined ? {} : { "Content-Length": length });
  response.end(body);
};

async function startMirrored(secure: boolean) {
  const server = secure ? createSecureServer(CERTIFICATE, mirror) : createServer(mirror);
  const { port } = await listen(server);
  const up = {
    targets: [`${secure ? "https" : "http"}://localhost:${port}`],
    ...(secure ? { tls: { ca: CERTIFICATE.cert } } : {}),
  };
  const routes = [{ path: "/*", upstream: "up", access: "public" }];
  return startTestGateway({ upstreams: { up }, routes }, undefined, secure ? { tls: CERTIFICATE } : {});
}

describe.each([false, true])("large bodies, TLS on both sides: %s", async (secure) => {
  const gateway = await startMirrored(secure);
  const send = secure ? secureRequest : plainRequest;

  async function reflected(body: Buffer, headers: Readonly<Record<string, string>>): Promise<Buffer> {
    const options = {
      port: gateway.port,
      host: "localhost",
      method: "POST",
      headers,
      ca: CERTIFICATE.cert,
      agent: false,
    };
    const request = send(options);
    const answered = once(request, "response") as Promise<[IncomingMessage]>;
    request.end(body);
    const [response] = await answered;
    return readSlowly(response);
  }

  test.each<[string, Readonly<Record<string, string>>]>([
    ["of known length", { "Content-Length": String(SIZE) }],
    ["in chunks", { "Transfer-Encoding": "chunked" }],
  ])("%s arrive byte for byte, both ways, many at once", async (_what, headers) => {
    const bodies = Array.from({ length: AT_ONCE }, () => randomBytes(SIZE));
    const back = await Promise.all(bodies.map((body) => reflected(body, headers)));
    expect(back.map((body, index) => body.equals(bodies[index] ?? body.subarray(1)))).toEqual(bodies.map(() => true));
  });
});
