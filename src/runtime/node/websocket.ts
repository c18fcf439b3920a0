import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { allHeaders, firstHeader, type HeaderList } from "../../lib/header-list.ts";
import { BEARER_SUBPROTOCOL } from "../../protocol/names.ts";
import { responseHeaders } from "../../proxy/response-headers.ts";
import { offersBearer } from "../../proxy/subprotocols.ts";
import type { Exchange } from "./exchange.ts";

/** How long a side may take to receive what is left once the other has gone. */
const LINGER = 5_000;

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
  readonly #open = new Set<Duplex>();

  /** Answers 101 as the upstream did, and joins both connections until one of them ends. */
  join(
    exchange: Exchange,
    lines: HeaderList,
    upstream: Duplex,
    { pseudonym, cookies }: { readonly pseudonym: string; readonly cookies: readonly string[] },
  ): void {
    const { upgrade, res } = exchange;
    // Destroying a socket whose peer has gone reports an error that concerns nobody.
    upstream.on("error", () => upstream.destroy());
    const headers = responseHeaders({
      ...{ status: 101, headers: lines, pseudonym, authenticated: false, cookies, cors: [] },
    });
    if (upgrade === null || exchange.gone) {
      upstream.destroy();
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
    const { socket, head } = upgrade;
    socket.write(switchingProtocols(headers), "latin1");
    // For the HTTP server the exchange ends here, and with it what would end the upstream's part.
    exchange.onClose = null;
    exchange.outcome = "proxied";
    res.statusCode = 101;
    res.detachSocket(socket);
    res.emit("close");
    if (head.length > 0) upstream.write(head);
    this.#relay(socket, upstream);
  }

  /** Cuts them all. */
  destroy(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #relay(client: Socket, upstream: Duplex): void {
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#open.add(one);
      one.pipe(other);
      one.once("close", () => {
        this.#open.delete(one);
        endSoon(other);
      });
      // WebSockets have no use for a half-open connection (RFC 6455 §7.1.1).
      one.once("end", () => endSoon(one));
    }
  }
}

/** Ends a connection once it has received what was written to it, or after a while. */
function endSoon(socket: Duplex): void {
  if (socket.destroyed) return;
  const giveUp = setTimeout(() => socket.destroy(), LINGER);
  socket.once("close", () => clearTimeout(giveUp));
  socket.end(() => socket.destroy());
}

function switchingProtocols(headers: HeaderList): string {
  let text = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
  for (let index = 0; index < headers.length; index += 2) text += `${headers[index]}: ${headers[index + 1]}\r\n`;
  return `${text}\r\n`;
}
