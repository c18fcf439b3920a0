import type { OpenStream, OpenStreams } from "../../app/open-streams.ts";
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

/** One end of a WebSocket, as the platform has it. */
interface EdgeSocket {
  binaryType: string;
  accept(): void;
  send(data: string | ArrayBuffer): void;
  close(code?: number, reason?: string): void;
  addEventListener(kind: "message", listener: (event: { readonly data: string | ArrayBuffer }) => void): void;
  addEventListener(kind: "close", listener: (event: { readonly code: number; readonly reason: string }) => void): void;
  addEventListener(kind: "error", listener: () => void): void;
}

declare const WebSocketPair: new () => { readonly 0: EdgeSocket; readonly 1: EdgeSocket };

/** RFC 6455 §7.4.1: what an endpoint sees where no code was sent. */
const NO_CODE = 1005;
const GOING_AWAY = 1001;
const INTERNAL = 1011;
/** Of the private range: the session is over. */
const ENDED = 4401;

/**
 * Answers 101 as the upstream did, with its WebSocket; null where it has changed over to something else. Under a principal the messages
 * pass through here, so that the socket can be ended; without one the platform joins both ends by itself.
 */
export function joinWebSockets(
  upstream: Response,
  headers: Headers,
  request: HeaderList,
  { principal, route }: Pick<OpenStream, "route"> & { readonly principal: OpenStream["principal"] | null },
  streams: OpenStreams,
): Response | null {
  const socket: EdgeSocket | null = Reflect.get(upstream, "webSocket") ?? null;
  if (socket === null) return null;
  // A browser that offered subprotocols takes no answer without one of them (RFC 6455 §4.1).
  if (!headers.has("sec-websocket-protocol") && offersBearer(allHeaders(request, "sec-websocket-protocol"))) {
    headers.set("Sec-WebSocket-Protocol", BEARER_SUBPROTOCOL);
  }
  if (principal === null) return switchingProtocols(headers, socket);
  const pair = new WebSocketPair();
  const [theirs, client] = [pair[0], pair[1]];
  const stream: OpenStream = {
    ...{ streamKind: "websocket", principal, route },
    cut(cut) {
      close(client, ENDED, cut);
      close(socket, GOING_AWAY, "");
    },
  };
  relay(client, socket, () => streams.remove(stream));
  streams.add(stream);
  return switchingProtocols(headers, theirs);
}

function switchingProtocols(headers: Headers, webSocket: EdgeSocket): Response {
  const init: ResponseInit & { readonly webSocket: EdgeSocket } = { status: 101, headers, webSocket };
  return new Response(null, init);
}

function relay(client: EdgeSocket, upstream: EdgeSocket, onEnd: () => void): void {
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    one.accept();
    one.binaryType = "arraybuffer";
    one.addEventListener("message", ({ data }) => {
      try {
        other.send(data);
      } catch {
        // The other end has closed; its own event says so.
      }
    });
    one.addEventListener("close", ({ code, reason }) => {
      onEnd();
      close(other, sendable(code), reason);
      close(one, sendable(code), reason);
    });
    one.addEventListener("error", () => {
      onEnd();
      close(other, INTERNAL, "");
    });
  }
}

/** Others are seen where the connection was lost (1006), or sent by who does not keep to RFC 6455 §7.4: none of them may be sent on. */
function sendable(code: number): number {
  if (code === NO_CODE) return code;
  return code >= 1000 && code < 5000 && code !== 1004 && code !== 1006 && code !== 1015 ? code : INTERNAL;
}

function close(socket: EdgeSocket, code: number, reason: string): void {
  try {
    if (code === NO_CODE) socket.close();
    else socket.close(code, reason);
  } catch {
    // It has been closed before.
  }
}
