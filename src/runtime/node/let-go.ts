import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** What is still in the system's buffers is not delivered: an answer that ends with its connection would look whole. */
export function letGo(socket: Socket): void {
  // The end of TLS without its own close says so too.
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
