import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { packageVersion } from "../machine.ts";
import { nodeServer } from "./node-server.ts";

/** The yardstick of the proxied request. */
export const bareNode = nodeServer({
  name: "bare-node",
  label: `bare Node ${process.versions.node} http + undici ${packageVersion("undici")}, no auth`,
  file: "servers/bare-node.ts",
  authenticates: false,
});

/** The yardstick of never-seen tokens. */
export const bareNodeVerify = nodeServer({
  name: "bare-node-verify",
  label: "bare Node + one crypto.verify (ES256)",
  file: "servers/bare-node.ts",
  authenticates: true,
  env: ({ es256 }) => ({ PUBLIC_KEY: es256.publicPem }),
});

/** What a refresh that stores nothing costs at least. */
export const bareNodeSigning = nodeServer({
  name: "bare-node-sign",
  label: "bare Node answer + one signature (ES256)",
  file: "servers/bare-refresh.ts",
  authenticates: false,
});

/** The yardstick of a refresh. */
export const bareNodeRefresh = nodeServer({
  name: "bare-node-refresh",
  label: "bare Node answer + one signature (ES256) + one SQLite transaction",
  file: "servers/bare-refresh.ts",
  authenticates: false,
  env: ({ folder }) => ({ STORE: join(folder, `bare-refresh-${randomUUID()}.db`) }),
});

/** The yardstick of a login. */
export const bareNodeArgon2 = nodeServer({
  name: "bare-node-argon2",
  label: "bare Node answer + one argon2id check (19 MiB, 2 passes)",
  file: "servers/bare-argon2.ts",
  authenticates: false,
});

/** The yardstick of WebSockets. */
export const bareNodeWebSocket = nodeServer({
  name: "bare-node-websocket",
  label: "bare Node, sockets piped into each other, no auth",
  file: "servers/bare-websocket.ts",
  authenticates: false,
});
