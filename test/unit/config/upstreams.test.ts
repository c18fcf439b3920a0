import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config/parse-config.ts";

const read = (upstream: Record<string, unknown>) =>
  parseConfig({
    issuer: "https://app.example.com",
    upstreams: { a: { targets: ["https://a-1", "http://a-2:8080"], ...upstream } },
  });

const CERT = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";

describe("an upstream", () => {
  test("has every default filled in", () => {
    const result = read({});
    expect(result.ok && result.config.upstreams.a).toEqual({
      name: "a",
      targets: ["https://a-1", "http://a-2:8080"],
      balance: "least-outstanding",
      host: "target",
      connectTimeout: 5_000,
      responseTimeout: 60_000,
      idleTimeout: 300_000,
      totalTimeout: null,
      maxConnections: 1024,
      maxPending: 1024,
      ejection: { failures: 5, time: 2_000, maxTime: 60_000 },
      health: null,
      slowStart: 10_000,
      tls: null,
    });
  });

  test("takes what is written", () => {
    const result = read({
      targets: ["https://a-1"],
      ...{ host: "orders.internal:8443", totalTimeout: "2m", ejection: false, slowStart: 0 },
      health: { path: "/up?deep=1", interval: "1s" },
      tls: { ca: CERT, cert: "gateway.pem", key: "gateway.key", serverName: "orders.internal" },
    });
    expect(result.ok && result.config.upstreams.a).toMatchObject({
      ...{ host: { name: "orders.internal:8443" }, totalTimeout: 120_000, ejection: null, slowStart: 0 },
      health: { path: "/up?deep=1", interval: 1_000, timeout: 2_000, healthy: 2, unhealthy: 3 },
      tls: { ca: CERT, client: { cert: "gateway.pem", key: "gateway.key" }, serverName: "orders.internal" },
    });
  });

  test.each(["client", "target", "a", "a.example", "a.example:80", "a.example:8080", "127.0.0.1:1", "[::1]:8080"])(
    "may be sent the Host %s",
    (host) => {
      expect(read({ host })).toMatchObject({ ok: true });
    },
  );

  test.each([
    ...["", "A.example", "a b", "a/b", "a:b", "u@a", "a?b", "a#b", "a\r\nX: 1", "http://a", "a:0080", "a:99999"],
  ])("may not be sent the Host %j", (host) => {
    expect(read({ host })).toMatchObject({ ok: false, problems: [{ path: "upstreams.a.host" }] });
  });

  const TLS = 'upstreams.a.targets[1]: "http://a-2:8080" is asked in the clear: write https, or leave tls out';
  test.each<[Record<string, unknown>, ...string[]]>([
    [{ balance: "random" }, 'upstreams.a.balance: expected one of "least-outstanding", "round-robin", got "random"'],
    [{ health: {} }, "upstreams.a.health.path: is required: expected a path of the service"],
    [{ health: { path: "//b" } }, 'upstreams.a.health.path: must be a path of the service, such as "/healthz"'],
    [{ health: { path: "/ b" } }, 'upstreams.a.health.path: must be a path of the service, such as "/healthz"'],
    [{ ejection: true }, "upstreams.a.ejection: expected false or an object, got true"],
    [{ ejection: { faliures: 1 } }, 'upstreams.a.ejection.faliures: is not an option; did you mean "failures"?'],
    [{ ejection: { time: "5m" } }, "upstreams.a.ejection.time: 5m is longer than upstreams.a.ejection.maxTime (1m)"],
    [{ maxConnections: 0 }, "upstreams.a.maxConnections: must be at least 1"],
    [{ tls: {} }, TLS],
    [{ tls: { cert: CERT } }, TLS, "upstreams.a.tls.key: is required beside cert: the certificate's private key"],
    [{ tls: { key: "a.key" } }, TLS, "upstreams.a.tls.cert: is required beside key: the key's certificate"],
    [
      { tls: { cert: CERT, key: "-----BEGIN PRIVATE KEY-----" } },
      "upstreams.a.tls.key: must be a file: private keys have no place in a configuration",
    ],
    [
      { tls: { serverName: "127.0.0.1" } },
      "upstreams.a.tls.serverName: must be a host name in lower case without a port",
    ],
    [
      { tls: { rejectUnauthorized: false } },
      "upstreams.a.tls.rejectUnauthorized: is not an option; there are ca, cert, key, serverName",
    ],
  ])("%j is refused", (upstream, ...expected) => {
    const result = read(upstream);
    const problems = result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`);
    expect(problems).toEqual(expected.map((text) => expect.stringContaining(text)));
  });
});
