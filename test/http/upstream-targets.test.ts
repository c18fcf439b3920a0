import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { listen } from "../support/listen.ts";
import { startRecordingUpstream } from "../support/recording-upstream.ts";
import { answering, gatewayTo, startHolding, status } from "./upstream-gateway.ts";

const bodyOf = (text: string) => JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4));

describe("the choice", () => {
  test("goes to the target with the least under way", async () => {
    const [busy, free] = [await startHolding(), await startRecordingUpstream()];
    const gateway = await gatewayTo([busy.url, free.url]);
    const first = gateway.ask();
    await busy.holds(1);
    for (let request = 0; request < 3; request++) expect((await gateway.ask()).status).toBe(200);
    expect([busy.connections.length, free.connections.length]).toEqual([1, 3]);
    busy.letGo(0);
    expect((await first).status).toBe(200);
  });

  test("in turn, whatever is under way, where the configuration says so", async () => {
    const [busy, free] = [await startHolding(), await startRecordingUpstream()];
    const gateway = await gatewayTo([busy.url, free.url], { balance: "round-robin" });
    const held = [gateway.ask()];
    await busy.holds(1);
    expect((await gateway.ask()).status).toBe(200);
    held.push(gateway.ask());
    await busy.holds(2);
    busy.letGo(0);
    busy.letGo(1);
    expect((await Promise.all(held)).map((answer) => answer.status)).toEqual([200, 200]);
  });
});

describe("a limit of connections", () => {
  test("lets one more wait its turn, and refuses the one after that", async () => {
    const up = await startHolding();
    const gateway = await gatewayTo([up.url], { maxConnections: 1, maxPending: 1, connectTimeout: "30s" });
    const first = gateway.ask();
    await up.holds(1);
    const second = gateway.ask();
    await gateway.until("upstream_pending", ({ change }) => change === 1);
    const third = await gateway.ask("POST", ["Content-Length: 2"], "hi");
    expect(third.status).toBe(503);
    expect(third.text).toMatch(/\r\nRetry-After: \d+\r\n/);
    expect(bodyOf(third.text)).toMatchObject({ code: "overloaded" });
    expect(up.connections).toHaveLength(1);
    up.letGo(0);
    expect((await first).status).toBe(200);
    await up.holds(2);
    up.letGo(1);
    expect((await second).status).toBe(200);
    expect(gateway.told("upstream_pending").map(({ change }) => change)).toEqual([1, -1]);
  });

  test("is waited for as long as making a connection may take", async () => {
    const up = await startHolding();
    const gateway = await gatewayTo([up.url], { maxConnections: 1, connectTimeout: "50ms" });
    const first = gateway.ask();
    await up.holds(1);
    const answers = await Promise.all([gateway.ask(), gateway.ask()]);
    expect(answers.map((answer) => answer.status)).toEqual([503, 503]);
    expect(bodyOf(answers[0].text)).toMatchObject({ code: "overloaded" });
    up.letGo(0);
    expect((await first).status).toBe(200);
    expect(up.connections).toHaveLength(1);
  });

  test("one that waits and goes away takes nobody's place", async () => {
    const up = await startHolding();
    const gateway = await gatewayTo([up.url], { maxConnections: 1, maxPending: 1, connectTimeout: "30s" });
    const first = gateway.ask();
    await up.holds(1);
    const gone = gateway.leave();
    await gateway.until("upstream_pending", ({ change }) => change === 1);
    gone.go();
    await gateway.until("upstream_pending", ({ change }) => change === -1);
    const second = gateway.ask();
    up.letGo(0);
    await up.holds(2);
    up.letGo(1);
    expect((await Promise.all([first, second])).map((answer) => answer.status)).toEqual([200, 200]);
    expect(up.connections).toHaveLength(2);
  });

  test("one that goes away while it is asked for gives its place back", async () => {
    const up = await startHolding();
    const gateway = await gatewayTo([up.url], { maxConnections: 1, connectTimeout: "30s" });
    for (let request = 1; request <= 3; request++) {
      const gone = gateway.leave();
      await up.holds(request);
      gone.go();
      await up.held[request - 1]?.until(({ closed }) => closed);
    }
    const last = gateway.ask();
    await up.holds(4);
    up.letGo(3);
    expect((await last).status).toBe(200);
  });

  test("a WebSocket takes a place for as long as it is open", async () => {
    const up = createServer((_, response) => void response.end("ok"));
    up.on("upgrade", (_request, socket) => {
      socket.on("error", () => {});
      socket.once("end", () => socket.end()).resume();
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    });
    const { port } = await listen(up);
    const gateway = await gatewayTo([`http://127.0.0.1:${port}`], {
      maxConnections: 1,
      maxPending: 1,
      connectTimeout: "30s",
    });
    const client = connect(gateway.port, "127.0.0.1");
    client.write(
      "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: https://app.example.com\r\n\r\n",
    );
    const [head] = await once(client, "data");
    expect(String(head)).toMatch(/^HTTP\/1\.1 101 /);
    const waiting = gateway.ask();
    await gateway.until("upstream_pending", ({ change }) => change === 1);
    client.destroy();
    expect((await waiting).status).toBe(200);
  });
});

describe("a target that fails", () => {
  const EJECTION = { failures: 2, time: "100ms", maxTime: "1m" };

  test("is left out after failures in a row, comes back, and is out again for twice as long by one more", async () => {
    const [bad, good] = [await startRecordingUpstream(answering(status(503))), await startRecordingUpstream()];
    const gateway = await gatewayTo([bad.url, good.url], { balance: "round-robin", ejection: EJECTION });
    for (let request = 0; request < 3; request++) await gateway.ask();
    expect(bad.connections).toHaveLength(2);
    for (let request = 0; request < 3; request++) expect((await gateway.ask()).status).toBe(200);
    await gateway.until("upstream_target", ({ state }) => state === "up");
    const before = bad.connections.length;
    while (bad.connections.length === before) await gateway.ask();
    expect(gateway.told("upstream_target").map(({ target, state, ms }) => [target, state, ms])).toEqual([
      [bad.url, "ejected", 100],
      [bad.url, "up", null],
      [bad.url, "ejected", 200],
    ]);
    expect((await gateway.ask()).status).toBe(200);
  });

  test("its own answer reaches the client, and is not asked for again", async () => {
    const up = await startRecordingUpstream(answering(status(503)));
    const gateway = await gatewayTo([up.url]);
    expect((await gateway.ask()).status).toBe(503);
    expect(up.connections).toHaveLength(1);
    expect(gateway.told("upstream_failure")).toMatchObject([{ upstream: "up", failure: "gateway_status" }]);
  });

  test("where all of them fail, half stay: it is the requests", async () => {
    const ups = await Promise.all(Array.from({ length: 4 }, () => startRecordingUpstream(answering(status(502)))));
    const options = { balance: "round-robin", ejection: { ...EJECTION, time: "1m" } };
    const gateway = await gatewayTo(
      ups.map(({ url }) => url),
      options,
    );
    for (let request = 0; request < 30; request++) expect((await gateway.ask()).status).toBe(502);
    expect(gateway.told("upstream_target").map(({ state }) => state)).toEqual(["ejected", "ejected"]);
    expect(ups.filter(({ connections }) => connections.length > 5)).toHaveLength(2);
  });

  test("500 is an answer like another", async () => {
    const ups = [await startRecordingUpstream(answering(status(500))), await startRecordingUpstream()];
    const gateway = await gatewayTo(
      ups.map(({ url }) => url),
      { balance: "round-robin", ejection: EJECTION },
    );
    for (let request = 0; request < 10; request++) await gateway.ask();
    expect(ups.map(({ connections }) => connections.length)).toEqual([5, 5]);
    expect(gateway.told("upstream_target")).toEqual([]);
  });

  test("is left out at once where it cannot be reached, and asked all the same where none can", async () => {
    const ports = [await freePort(), await freePort()];
    const ejection = { ...EJECTION, time: "10m", maxTime: "10m" };
    const gateway = await gatewayTo(
      ports.map((port) => `http://127.0.0.1:${port}`),
      { ejection },
    );
    expect((await gateway.ask()).status).toBe(502);
    expect(gateway.told("upstream_target").map(({ state }) => state)).toEqual(["ejected", "ejected"]);
    await listen(
      createServer((_, response) => void response.end("ok")),
      ports[0],
    );
    expect((await gateway.ask()).status).toBe(200);
    expect((await gateway.ask()).status).toBe(200);
  });

  test("stays where the configuration turns ejection off", async () => {
    const up = await startRecordingUpstream();
    const gateway = await gatewayTo([`http://127.0.0.1:${await freePort()}`, up.url], {
      ejection: false,
      balance: "round-robin",
    });
    const statuses = [];
    for (let request = 0; request < 4; request++) statuses.push((await gateway.ask("POST")).status);
    expect(statuses).toEqual([502, 200, 502, 200]);
  });
});

describe("a request without a connection", () => {
  test.each(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])("%s without a body goes to another target", async (method) => {
    const up = await startRecordingUpstream();
    const gateway = await gatewayTo([`http://127.0.0.1:${await freePort()}`, up.url]);
    expect((await gateway.ask(method)).status).toBe(200);
    expect(up.heads().map(({ line }) => line)).toEqual([`${method} /x HTTP/1.1`]);
  });

  test.each<[string, string]>([
    ["POST", ""],
    ["PATCH", ""],
    ["PUT", "hi"],
    ["DELETE", "hi"],
  ])("%s with the body %j does not", async (method, body) => {
    const up = await startRecordingUpstream();
    const gateway = await gatewayTo([`http://127.0.0.1:${await freePort()}`, up.url]);
    expect((await gateway.ask(method, [`Content-Length: ${body.length}`], body)).status).toBe(502);
    expect(up.connections).toHaveLength(0);
  });
});

describe("health that is asked for", () => {
  /** A service that says of itself what `health.status` is. */
  async function startService() {
    const health = { status: 200, asked: 0 };
    let served = 0;
    const server = createServer((request, response) => {
      if (request.url !== "/healthz") served++;
      else {
        health.asked++;
        response.statusCode = health.status;
      }
      response.end("ok");
    });
    const { port } = await listen(server);
    return { url: `http://127.0.0.1:${port}`, health, served: () => served };
  }
  const HEALTH = { path: "/healthz", interval: "100ms", timeout: "5s", healthy: 2, unhealthy: 2 };

  test("takes a target out and brings it back", async () => {
    const [one, two] = [await startService(), await startService()];
    two.health.status = 500;
    const gateway = await gatewayTo([one.url, two.url], { health: HEALTH, balance: "round-robin" });
    await gateway.until("upstream_target", ({ state }) => state === "unhealthy");
    expect(two.health.asked).toBeGreaterThanOrEqual(2);
    for (let request = 0; request < 4; request++) expect((await gateway.ask()).status).toBe(200);
    expect([one.served(), two.served()]).toEqual([4, 0]);
    two.health.status = 204;
    await gateway.until("upstream_target", ({ state }) => state === "up");
    for (let request = 0; request < 4; request++) await gateway.ask();
    expect([one.served(), two.served()]).toEqual([6, 2]);
    expect(gateway.told("upstream_target").map(({ target, state }) => [target, state])).toEqual([
      [two.url, "unhealthy"],
      [two.url, "up"],
    ]);
  });

  test("an answer that does not come is a bad one; where all are bad, all are asked", async () => {
    const silent = await startHolding();
    const gateway = await gatewayTo([silent.url], { health: { ...HEALTH, timeout: "20ms" } });
    await gateway.until("upstream_target", ({ state }) => state === "unhealthy");
    const asked = gateway.ask();
    await silent.holds(silent.held.length + 1);
    while (!silent.held.at(-1)?.received.startsWith("GET /x ")) await silent.holds(silent.held.length + 1);
    silent.letGo(silent.held.length - 1);
    expect((await asked).status).toBe(200);
  });
});

describe("Host", () => {
  test.each<[string, unknown, (target: string) => string]>([
    ["the target's own, without a word", undefined, (target) => target],
    ["the target's own", "target", (target) => target],
    ["the client's", "client", () => "client.example:1234"],
    ["a fixed one", "orders.internal:8080", () => "orders.internal:8080"],
  ])("%s", async (_what, host, expected) => {
    const up = await startRecordingUpstream();
    const gateway = await gatewayTo([up.url], host === undefined ? {} : { host });
    expect((await gateway.ask()).status).toBe(200);
    const { headers = [] } = up.heads()[0] ?? {};
    const lines = headers.filter((_, at) => headers[at - 1]?.toLowerCase() === "host" && at % 2 === 1);
    expect(lines).toEqual([expected(new URL(up.url).host)]);
    expect(headers).toContain("X-Forwarded-Host");
  });
});
