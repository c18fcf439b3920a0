import type { Upstream } from "../../proxy/upstream.ts";
import { UpstreamClient } from "./upstream/client.ts";

/** What speaks with one target of an upstream. */
export function clientOf(origin: string, upstream: Upstream): UpstreamClient {
  const { connectTimeout, responseTimeout, idleTimeout } = upstream;
  const { ca, client, serverName } = upstream.tls ?? { ca: null, client: null, serverName: null };
  return new UpstreamClient({
    ...{ origin, connectTimeout, responseTimeout, idleTimeout },
    tls: {
      // Whatever the environment says (NODE_TLS_REJECT_UNAUTHORIZED).
      rejectUnauthorized: true,
      ...(ca === null ? {} : { ca }),
      ...client,
      ...(serverName === null ? {} : { servername: serverName }),
    },
  });
}
