import type { Readable } from "node:stream";
import { buildConnector, type Dispatcher, Pool } from "undici";
import type { Upstream } from "../../proxy/upstream.ts";

/** A request as it goes to a target. */
export interface TargetRequest {
  /** Origin-form, byte for byte as it was authorised. */
  readonly path: string;
  readonly method: string;
  /** Name, value, name, value…, with neither Host nor Transfer-Encoding. */
  readonly headers: string[];
  /** Null: the target's own. */
  readonly host: string | null;
  readonly body: Readable | null;
  readonly upgrade: "websocket" | null;
}

/** The connections to one target, which are kept and used again. */
export interface Connections {
  dispatch(request: TargetRequest, handler: Dispatcher.DispatchHandler): void;
  /** Ends them all, in the middle of whatever they bring. */
  destroy(): Promise<void>;
}

export function connectTo(origin: string, upstream: Upstream): Connections {
  const { hostname } = new URL(origin);
  const { ca, client, serverName } = upstream.tls ?? { ca: null, client: null, serverName: null };
  const connector = buildConnector({
    // One parser, one framing: what RFC 9112 says about messages is what the rest is built on.
    allowH2: false,
    timeout: upstream.connectTimeout,
    // Whatever the environment says (NODE_TLS_REJECT_UNAUTHORIZED).
    rejectUnauthorized: true,
    ...(ca === null ? {} : { ca }),
    ...client,
    ...(serverName === null ? {} : { servername: serverName }),
  });
  const pool = new Pool(origin, {
    allowH2: false,
    connections: upstream.maxConnections,
    // The certificate must be for the target, whichever Host is sent to it.
    connect: ({ servername: _, ...target }, callback) => connector(target, callback),
    headersTimeout: upstream.responseTimeout,
    bodyTimeout: upstream.idleTimeout,
  });
  return {
    dispatch({ host, ...request }, handler) {
      // Else undici takes the name for TLS from the Host, and a new connection for each.
      const ours = { ...request, servername: hostname };
      if (host !== null) ours.headers = [...request.headers, "Host", host];
      pool.dispatch(ours, handler);
    },
    destroy: () => pool.destroy(),
  };
}
