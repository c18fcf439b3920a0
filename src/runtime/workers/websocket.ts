import { allHeaders, type HeaderList } from "../../lib/header-list.ts";
import { BEARER_SUBPROTOCOL } from "../../protocol/names.ts";
import { offersBearer } from "../../proxy/subprotocols.ts";

export const asksForWebSocket = (request: Request): boolean =>
  request.method === "GET" && request.headers.get("upgrade")?.toLowerCase() === "websocket";

/** Each connection has a handshake of its own, which the platform makes (RFC 6455 §4.1). */
const HANDSHAKE = new Set(["sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions"]);

export function withoutHandshake(lines: HeaderList): string[] {
  const kept: string[] = [];
  for (let index = 0; index < lines.length; index += 2) {
    const name = lines[index] as string;
    if (!HANDSHAKE.has(name.toLowerCase())) kept.push(name, lines[index + 1] as string);
  }
  return kept;
}

/** Answers 101 as the upstream did, with its WebSocket; null where it has changed over to something else. */
export function joinWebSockets(upstream: Response, headers: Headers, request: HeaderList): Response | null {
  const webSocket: unknown = Reflect.get(upstream, "webSocket");
  if (webSocket === null || webSocket === undefined) return null;
  // A browser that offered subprotocols takes no answer without one of them (RFC 6455 §4.1).
  if (!headers.has("sec-websocket-protocol") && offersBearer(allHeaders(request, "sec-websocket-protocol"))) {
    headers.set("Sec-WebSocket-Protocol", BEARER_SUBPROTOCOL);
  }
  const init: ResponseInit & { readonly webSocket: unknown } = { status: 101, headers, webSocket };
  return new Response(null, init);
}
