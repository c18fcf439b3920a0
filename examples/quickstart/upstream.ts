import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
// In a service of your own: import { createVerifier, IdentityRefused } from "postern/verifier";
import { createVerifier, IdentityRefused, type Verifier } from "../../src/verifier/index.ts";

/** The name that the configuration gives this service; assertions for others are refused. */
const NAME = "shop";
const PAGE = new URL("page/", import.meta.url);
const FILES: ReadonlyMap<string, { readonly file: string; readonly type: string }> = new Map([
  ["/", { file: "index.html", type: "text/html; charset=utf-8" }],
  ["/style.css", { file: "style.css", type: "text/css; charset=utf-8" }],
  ["/app.js", { file: "app.js", type: "text/javascript; charset=utf-8" }],
  ["/icon.svg", { file: "icon.svg", type: "image/svg+xml" }],
]);
const PAGE_HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-cache",
};
const ORDERS = [
  { id: 1041, item: "A lantern", total: "38.00" },
  { id: 1042, item: "Two keys, cut to fit", total: "12.50" },
];

/**
 * The demo service behind the gateway: a page for everybody, and orders for whoever the gateway vouches for. Binds to
 * 127.0.0.1 and resolves once it listens. `issuer`: the gateway's.
 */
export async function startUpstream(issuer: string, port: number): Promise<Server> {
  const verifier = createVerifier({ issuer, audience: NAME });
  const server = createServer((request, response) => {
    answer(verifier, request, response).catch((error: unknown) => {
      console.error(error);
      response.destroy();
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function answer(verifier: Verifier, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? "").split("?", 1)[0] ?? "";
  const page = FILES.get(path);
  if (request.method !== "GET" && request.method !== "HEAD") json(response, 405, { error: "Only GET is served here." });
  else if (path === "/api/orders") await orders(verifier, request, response);
  else if (page === undefined) json(response, 404, { error: "There is nothing here." });
  else {
    const body = await readFile(new URL(page.file, PAGE));
    response.writeHead(200, { ...PAGE_HEADERS, "Content-Type": page.type }).end(body);
  }
}

async function orders(verifier: Verifier, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    // X-Auth-User and the others say the same, but only this one is signed: it holds even where somebody gets past the gateway.
    const assertion = request.headers["x-auth-identity"];
    const { preferred_username: name, sub: user, sid: session, roles, scope } = await verifier.verify(assertion);
    json(response, 200, { orders: ORDERS, caller: { name, user, session, roles, scope } });
  } catch (error) {
    if (!(error instanceof IdentityRefused)) throw error;
    json(response, error.code === "unavailable" ? 503 : 401, { error: error.message });
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}
