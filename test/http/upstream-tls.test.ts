import { writeFile } from "node:fs/promises";
import { createServer, type ServerOptions } from "node:https";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Certificate, selfSigned } from "../support/certificates.ts";
import { startGateway } from "../support/gateway-process.ts";
import { listen } from "../support/listen.ts";
import { rawRequest } from "../support/raw-http.ts";
import { startRecordingUpstream } from "../support/recording-upstream.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitUntil } from "../support/wait-until.ts";
import { gatewayTo } from "./upstream-gateway.ts";

/** A service that answers over TLS, and counts its connections. */
async function startSecure(certificate: Certificate, options: ServerOptions = {}) {
  let connections = 0;
  const server = createServer({ ...certificate, ...options }, (_, response) => void response.end("secret"));
  server.on("secureConnection", () => void connections++);
  const { port } = await listen(server);
  return { port, url: `https://localhost:${port}`, connections: () => connections };
}

const LOCAL = await selfSigned("localhost");
const INTERNAL = await selfSigned("orders.internal");

describe("an https target", () => {
  test("is believed by the authority that the configuration names", async () => {
    const up = await startSecure(LOCAL);
    expect((await (await gatewayTo([up.url], { tls: { ca: LOCAL.cert } })).ask()).text).toMatch(
      /^HTTP\/1\.1 200 .*secret/s,
    );
  });

  test.each<[string, Certificate, Record<string, unknown> | undefined]>([
    ["by the system's authorities", LOCAL, undefined],
    ["by another authority", LOCAL, { ca: INTERNAL.cert }],
    ["for another name", INTERNAL, { ca: INTERNAL.cert }],
    ["for another name than the one that it must have", LOCAL, { ca: LOCAL.cert, serverName: "orders.internal" }],
  ])("is not asked where its certificate does not hold %s", async (_what, certificate, tls) => {
    const up = await startSecure(certificate);
    const gateway = await gatewayTo([up.url], tls === undefined ? {} : { tls });
    expect((await gateway.ask()).status).toBe(502);
    expect(gateway.told("upstream_failure").map(({ failure }) => failure)).toContain("connect");
  });

  test("may have the name that the configuration says, at whatever address", async () => {
    const up = await startSecure(INTERNAL);
    const tls = { ca: INTERNAL.cert, serverName: "orders.internal" };
    const health = { path: "/", interval: "1m", unhealthy: 1 };
    const gateway = await gatewayTo([up.url, `https://127.0.0.1:${up.port}`], { tls, health, balance: "round-robin" });
    for (let request = 0; request < 4; request++) expect((await gateway.ask()).status).toBe(200);
    expect(gateway.told("upstream_target")).toEqual([]);
  });

  test("keeps its name and its connections, whatever Host clients send", async () => {
    const up = await startSecure(LOCAL);
    const gateway = await gatewayTo([up.url], { host: "client", tls: { ca: LOCAL.cert } });
    for (const host of ["a.example", "b.example", "orders.internal", "127.0.0.1"]) {
      const answer = await rawRequest(gateway.url, `GET /x HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expect(answer.status).toBe(200);
    }
    expect(up.connections()).toBe(1);
  });

  test("that never answers the handshake: 504, in the time for connections", async () => {
    const silent = await startRecordingUpstream(() => {});
    const { port } = new URL(silent.url);
    const gateway = await gatewayTo([`https://localhost:${port}`], { connectTimeout: "100ms" });
    expect((await gateway.ask("POST")).status).toBe(504);
    expect(gateway.told("upstream_failure")).toMatchObject([{ failure: "connect_timeout" }]);
  });
});

/** A gateway in a process, told that certificates need no checks, with one route for each upstream. */
async function gatewayWith(upstreams: Record<string, unknown>) {
  const routes = Object.keys(upstreams).map((name) => ({ path: `/${name}`, upstream: name, access: "public" }));
  const gateway = await startGateway({ upstreams, routes }, { env: { NODE_TLS_REJECT_UNAUTHORIZED: "0" } });
  return { gateway, statusOf: async (path: string) => (await fetch(`${gateway.url}${path}`)).status };
}

test("files, a client certificate, and an environment that asks for no checks", async () => {
  const shown = await selfSigned("gateway.internal");
  const up = await startSecure(LOCAL, { requestCert: true, rejectUnauthorized: true, ca: shown.cert });
  const dir = await tempDir();
  const file = async (name: string, text: string) => {
    await writeFile(join(dir, name), text);
    return join(dir, name);
  };
  const own = { cert: await file("gateway.pem", shown.cert), key: await file("gateway.key", shown.key) };
  const { gateway, statusOf } = await gatewayWith({
    shown: { targets: [up.url], tls: { ca: await file("ca.pem", LOCAL.cert), ...own } },
    notShown: { targets: [up.url], tls: { ca: LOCAL.cert } },
    unchecked: { targets: [(await startSecure(INTERNAL)).url] },
    renewed: { targets: [(await startSecure(LOCAL)).url], tls: { ca: await file("renewed.pem", INTERNAL.cert) } },
  });
  expect(await statusOf("/shown")).toBe(200);
  expect(await statusOf("/notShown")).toBe(502);
  expect(await statusOf("/unchecked")).toBe(502);
  expect(await statusOf("/renewed")).toBe(502);
  await file("renewed.pem", LOCAL.cert);
  await waitUntil(
    () => `the new authority is not believed: ${gateway.logs()}`,
    async () => (await statusOf("/renewed")) === 200,
  );
  await gateway.stop();
});
