import { beforeAll, describe, expect, test } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { startRecordingUpstream } from "../support/recording-upstream.ts";
import { type Proxied, startProxied } from "./proxied.ts";

let gateway: Proxied;
beforeAll(async () => {
  gateway = await startProxied((up) => ({
    upstreams: { up: { targets: [up] } },
    routes: [
      { path: "/*", upstream: "up", access: "public" },
      { host: "admin.example", path: "/*", upstream: "up", access: "required" },
    ],
  }));
});

describe("requests that go no further", () => {
  test.each(["OPTIONS * HTTP/1.1\r\n", "OPTIONS /a HTTP/1.1\r\nMax-Forwards: 0\r\n"])("%j", async (head) => {
    const up = gateway.scene();
    const answer = await rawRequest(gateway.url, `${head}Host: a\r\nConnection: close\r\n\r\n`);
    expect(answer.status).toBe(204);
    expect(up.connections).toHaveLength(0);
  });

  test("Max-Forwards counts down", async () => {
    const up = gateway.scene();
    await rawRequest(gateway.url, "OPTIONS /a HTTP/1.1\r\nHost: a\r\nMax-Forwards: 2\r\nConnection: close\r\n\r\n");
    expect(up.connections[0]?.received).toMatch(/\r\nMax-Forwards: 1\r\n/i);
  });
});

describe("who the request is for", () => {
  test("the authority of an absolute target decides, and no upstream but ours is asked", async () => {
    const up = gateway.scene();
    const canary = await startRecordingUpstream();
    const authority = canary.url.replace("http://", "");
    const target = `GET http://${authority}/x?y HTTP/1.1\r\nHost: app\r\nX-Forwarded-Host: ${authority}\r\n`;
    await rawRequest(gateway.url, `${target}Connection: close\r\n\r\n`);
    expect(canary.connections).toHaveLength(0);
    const { received = "" } = up.connections[0] ?? {};
    expect(received).toMatch(/^GET \/x\?y HTTP\/1\.1\r\n[\s\S]*host: 127\.0\.0\.1:/i);
    expect(received).toContain(`X-Forwarded-Host: ${authority}\r\n`);
    expect(received).not.toContain("app");
  });

  test.each([
    "GET / HTTP/1.1\r\nHost: ADMIN.example.:80\r\n",
    "GET http://admin.example/ HTTP/1.1\r\nHost: app\r\n",
    "GET http://ADMIN.example?x HTTP/1.0\r\n",
  ])("a rule for a host holds, in absolute form too: %j", async (head) => {
    const up = gateway.scene();
    expect((await rawRequest(gateway.url, `${head}Connection: close\r\n\r\n`)).status).toBe(401);
    expect(up.connections).toHaveLength(0);
  });

  test("HTTP/1.0 without Host is served, and its connection ends", async () => {
    const up = gateway.scene();
    const answer = await rawRequest(gateway.url, "GET /old HTTP/1.0\r\n\r\n");
    expect(answer.status).toBe(200);
    expect(answer.closed).toBe(true);
    expect(up.connections[0]?.received).toMatch(/^GET \/old HTTP\/1\.1\r\n.*\r\nVia: 1\.0 postern-/s);
  });

  test("another upgrade is not passed on", async () => {
    const up = gateway.scene();
    const answer = await rawRequest(
      gateway.url,
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\nUpgrade: foo/1\r\n\r\n",
    );
    expect(answer.status).toBe(200);
    expect(up.connections[0]?.received).not.toMatch(/upgrade|foo/i);
  });
});
