import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { OpenStream, OpenStreams } from "../../app/open-streams.ts";
import { allHeaders, firstHeader, type HeaderList } from "../../lib/header-list.ts";
import { BEARER_SUBPROTOCOL } from "../../protocol/names.ts";
import { responseHeaders } from "../../proxy/response-headers.ts";
import { offersBearer } from "../../proxy/subprotocols.ts";
import type { Exchange, Passed, Upgrade } from "./exchange.ts";
import { WebSocketTunnel } from "./websocket-tunnel.ts";

interface Joined {
  /** Our name in `Via`. */
  readonly pseudonym: string;
  readonly passed: Passed;
}

/** Whether a request asks for the one protocol that is changed to (RFC 9110 §7.8). */
export const asksForWebSocket = (req: IncomingMessage): boolean =>
  req.method === "GET" && req.headers.upgrade?.toLowerCase() === "websocket";

/** An ordinary response on a socket that the HTTP server has let go of; the socket ends with it. */
export function responseOn(req: IncomingMessage, socket: Socket): ServerResponse {
  const res = new ServerResponse(req);
  res.assignSocket(socket);
  res.shouldKeepAlive = false;
  res.once("finish", () => {
    res.detachSocket(socket);
    socket.destroySoon();
  });
  return res;
}

/** The WebSockets that are open. */
export class WebSockets {
  readonly #open = new Set<WebSocketTunnel>();
  readonly #streams: OpenStreams;

  constructor(streams: OpenStreams) {
    this.#streams = streams;
  }

  /** Answers 101 as the upstream did, and joins both connections until one of them ends. */
  join(exchange: Exchange, lines: HeaderList, upstream: Socket, { pseudonym, passed }: Joined): void {
    const { upgrade, res } = exchange;
    // Destroying a socket whose peer has gone reports an error that concerns nobody.
    upstream.on("error", () => upstream.destroy());
    const { cookies, route } = passed;
    const headers = responseHeaders({
      ...{
        status: 101,
        headers: lines,
        pseudonym,
        authenticated: false,
        cookies,
        cors: [],
        corsAlone: false,
        rules: route.responseHeaders,
      },
    });
    if (upgrade === null || exchange.gone) {
      upstream.destroy();
      return;
    }
    // A client that has ended its side while it waited has said so already, and would not be heard of again.
    if (upgrade.socket.readableEnded) {
      upstream.destroy();
      upgrade.socket.destroy();
      return;
    }
    if (headers === null || firstHeader(lines, "upgrade")?.toLowerCase() !== "websocket") {
      upstream.destroy();
      exchange.refuse({ code: "upstream_failed" });
      return;
    }
    const offered = allHeaders(exchange.headers, "sec-websocket-protocol");
    // A browser that offered subprotocols takes no answer without one of them (RFC 6455 §4.1).
    if (firstHeader(headers, "sec-websocket-protocol") === null && offersBearer(offered)) {
      headers.push("Sec-WebSocket-Protocol", BEARER_SUBPROTOCOL);
    }
    const { socket } = upgrade;
    socket.write(switchingProtocols(headers), "latin1");
    // For the HTTP server the exchange ends here, and with it what would end the upstream's part.
    exchange.onClose = null;
    exchange.outcome = "proxied";
    res.statusCode = 101;
    res.detachSocket(socket);
    res.emit("close");
    this.#relay(upgrade, upstream, passed);
  }

  /** Tells both sides of each that the gateway goes away. */
  goAway(): void {
    for (const tunnel of this.#open) tunnel.goAway();
  }

  /** Cuts them all. */
  destroy(): void {
    for (const tunnel of this.#open) tunnel.destroy();
  }

  #relay(client: Upgrade, upstream: Socket, { principal, route }: Passed): void {
    let stream: OpenStream | null = null;
    const tunnel = new WebSocketTunnel(client, upstream, () => {
      this.#open.delete(tunnel);
      if (stream !== null) this.#streams.remove(stream);
    });
    this.#open.add(tunnel);
    if (principal === null) return;
    stream = { streamKind: "websocket", principal, route, cut: (cut) => tunnel.cut(cut) };
    this.#streams.add(stream);
  }
}

function switchingProtocols(headers: HeaderList): string {
  let text = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
  for (let index = 0; index < headers.length; index += 2) text += `${headers[index]}: ${headers[index + 1]}\r\n`;
  return `${text}\r\n`;
}
