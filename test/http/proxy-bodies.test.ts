import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { OK, type RecordedConnection } from "../support/recording-upstream.ts";
import { type Proxied, startProxied } from "./proxied.ts";

let gateway: Proxied;
beforeAll(async () => {
  gateway = await startProxied((up) => ({
    upstreams: { up: { targets: [up] } },
    routes: [
      { path: "/*", upstream: "up", access: "public" },
      { path: "/private", upstream: "up", access: "required" },
    ],
  }));
});

const post = (...lines: string[]) =>
  `POST /upload HTTP/1.1\r\nHost: app.example.com\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`;
const bodyOf = (text: string) => text.slice(text.indexOf("\r\n\r\n") + 4);
/** 400, whole, as the last on its connection. */
function expectRefused(text: string): void {
  expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(text).toMatch(/\r\nConnection: close\r\n/i);
  expect(text).toMatch(/\r\nContent-Type: application\/problem\+json\r\n/);
  expect(JSON.parse(bodyOf(text))).toMatchObject({ status: 400, code: "validation" });
}
/** Answers once the body is whole: `end` is its last bytes. */
const whenWhole = (end: string) => (connection: RecordedConnection) =>
  void connection.until(({ received }) => received.endsWith(end)).then(({ socket }) => socket.end(OK));

describe("request bodies", () => {
  test("a body with a length keeps it, whatever Connection says", async () => {
    const up = gateway.scene(whenWhole("hello"));
    const answer = await rawRequest(
      gateway.url,
      `${post("Connection: close, Content-Length", "Content-Length: 5")}hello`,
    );
    expect(answer.status).toBe(200);
    const { received = "" } = up.connections[0] ?? {};
    expect(received).toMatch(/\r\ncontent-length: 5\r\n(?:[\s\S]*\r\n)?\r\nhello$/i);
    expect(received).not.toMatch(/transfer-encoding/i);
  });

  test("a chunked body is framed anew: no extensions, no trailers", async () => {
    const up = gateway.scene(whenWhole("\r\n0\r\n\r\n"));
    const chunks = "5;ext=evil\r\nhello\r\n1\r\n!\r\n0\r\nAuthorization: Bearer evil\r\n\r\n";
    const answer = await rawRequest(gateway.url, post("Connection: close", "Transfer-Encoding: chunked") + chunks);
    expect(answer.status).toBe(200);
    const { received = "" } = up.connections[0] ?? {};
    expect(received).toMatch(/\r\ntransfer-encoding: chunked\r\n/i);
    expect(received).not.toMatch(/evil|content-length/i);
    expect(bodyOf(received).replace(/\r\n[0-9a-f]+\r\n|^[0-9a-f]+\r\n/g, "")).toBe("hello!\r\n");
  });

  test.each(["GET", "HEAD", "DELETE", "OPTIONS"])("%s with a body is forwarded whole", async (method) => {
    const up = gateway.scene(whenWhole("hello"));
    await rawRequest(gateway.url, `${post("Connection: close", "Content-Length: 5").replace("POST", method)}hello`);
    const { received = "" } = up.connections[0] ?? {};
    expect(received).toMatch(new RegExp(`^${method} /upload HTTP/1\\.1\r\n`));
    expect(received).toMatch(/\r\ncontent-length: 5\r\n(?:[\s\S]*\r\n)?\r\nhello$/i);
  });

  const BROKEN: readonly [string, string, string, string][] = [
    ["a length that is never reached", "Content-Length: 100", "only this", ""],
    ["a missing last chunk", "Transfer-Encoding: chunked", "9\r\nonly this\r\n", ""],
    ["a bad chunk size", "Transfer-Encoding: chunked", "9\r\nonly this\r\n", "XYZ\r\n"],
  ];

  test.each(BROKEN)(
    "%s: the upstream sees a broken request, never a shorter one",
    async (_what, framing, sent, rest) => {
      const up = gateway.scene(() => {});
      const client = connect(gateway.port, "127.0.0.1");
      const ended = once(client, "close");
      client.resume();
      client.write(post(framing) + sent);
      const connection = await up.connection(0);
      await connection.until(({ received }) => received.includes("only this"));
      client.end(rest);
      await connection.until(({ closed }) => closed);
      expect(connection.received).not.toContain("\r\n0\r\n\r\n");
      expect(
        bodyOf(connection.received)
          .replace(/^9\r\n/, "")
          .trim(),
      ).toBe("only this");
      await ended;
      const next = await rawRequest(gateway.url, "GET /auth/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      expect(next.status).toBe(404);
    },
  );

  test.each(BROKEN)("%s: 400, and told of as the client's fault", async (_what, framing, sent, rest) => {
    const up = gateway.scene(() => {});
    const client = connect(gateway.port, "127.0.0.1");
    let text = "";
    client.setEncoding("latin1").on("data", (chunk: string) => {
      text += chunk;
    });
    const ended = once(client, "close");
    client.write(post(framing) + sent);
    await (await up.connection(0)).until(({ received }) => received.includes("only this"));
    client.end(rest);
    await ended;
    expectRefused(text);
    const told = (await gateway.gateway.observed()).filter(({ kind }) => kind === "request");
    expect(told.at(-1)).toMatchObject({ route: "/*", outcome: "validation", status: 400 });
  });

  const BAD = "9\r\nonly this\r\nXYZ\r\n";

  test("what is no chunk to an endpoint of ours: 400, before that is asked", async () => {
    const head = post("Transfer-Encoding: chunked").replace("/upload", "/auth/x");
    const { text, closed } = await rawRequest(gateway.url, head + BAD);
    expectRefused(text);
    expect(closed).toBe(true);
  });

  test("behind an answer that is still to come, 400 waits for it", async () => {
    const up = gateway.scene();
    const whole = rawRequest(
      gateway.url,
      `GET /first HTTP/1.1\r\nHost: a\r\n\r\n${post("Transfer-Encoding: chunked")}${BAD}`,
    );
    const first = await up.connection(0);
    // By then the second has come as well, in the same piece.
    await first.until(({ received }) => received.startsWith("GET /first "));
    first.socket.end(OK);
    const { text, closed } = await whole;
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^{]*\r\n\r\nok/);
    expectRefused(text.slice(text.indexOf("\r\n\r\nok") + 6));
    expect(closed).toBe(true);
  });

  test("in the middle of an answer, the connection is cut and nothing is added", async () => {
    gateway.scene(({ socket }) => void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"));
    const client = connect(gateway.port, "127.0.0.1");
    client.on("error", () => {});
    let text = "";
    client.setEncoding("latin1").on("data", (chunk: string) => {
      if (text === "") client.write("XYZ\r\n");
      text += chunk;
    });
    client.write(`${post("Transfer-Encoding: chunked")}9\r\nonly this\r\n`);
    await once(client, "close");
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nhalf$/);
  });

  test("a client that waits for leave to send its body gets it when the upstream is there", async () => {
    const up = gateway.scene(whenWhole("hello"));
    let sent = false;
    const client = connect(gateway.port, "127.0.0.1");
    client.setEncoding("latin1");
    client.write(post("Expect: 100-continue", "Content-Length: 5", "Connection: close"));
    let text = "";
    client.on("data", (chunk: string) => {
      text += chunk;
      if (!sent && text.startsWith("HTTP/1.1 100 Continue\r\n\r\n")) {
        sent = true;
        client.write("hello");
      }
    });
    await once(client, "end");
    expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    expect(up.connections[0]?.received).not.toMatch(/expect/i);
  });

  test("a refused one gets no leave, and the connection ends", async () => {
    gateway.scene();
    const head = post("Expect: 100-continue", "Content-Length: 5").replace("/upload", "/private");
    const answer = await rawRequest(gateway.url, head);
    expect(answer.status).toBe(401);
    expect(answer.closed).toBe(true);
    expect(answer.text).toMatch(/\r\nConnection: close\r\n/);
  });

  test("an answer before the body is whole arrives, and the upload upstream stops", async () => {
    const tooLarge = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!";
    const up = gateway.scene((connection) => void connection.socket.write(tooLarge));
    const size = 20_000_000;
    const client = httpRequest({
      port: gateway.port,
      method: "POST",
      path: "/upload",
      headers: { "content-length": size },
    });
    client.on("error", () => {});
    client.write(Buffer.alloc(65_536));
    const [response] = await once(client, "response");
    expect(response.statusCode).toBe(413);
    let text = "";
    for await (const chunk of response.setEncoding("latin1")) text += chunk;
    expect(text).toBe("no!");
    await (await up.connection(0)).until(({ closed }) => closed);
    expect(up.connections[0]?.received.length).toBeLessThan(size / 2);
    client.destroy();
  });
});

describe("response bodies", () => {
  test.each<[string, string]>([
    ["a length that is not reached", "Content-Length: 100\r\n\r\nhalf"],
    ["a missing last chunk", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
    ["a bad chunk", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nXYZ\r\n"],
  ])("%s: the client sees a broken response, never a whole one", async (_what, response) => {
    gateway.scene(({ socket }) => {
      socket.write(`HTTP/1.1 200 OK\r\n${response}`, () => socket.end());
    });
    const client = httpRequest({ port: gateway.port, path: "/x" }).end();
    await expect(async () => {
      const [answer] = await once(client, "response");
      for await (const _ of answer);
    }).rejects.toThrow(/^(?:aborted|socket hang up)$/);
  });

  test("to HTTP/1.0, where the end of the connection would be the end of the body, it is a reset", async () => {
    gateway.scene(({ socket }) => {
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", () => socket.end());
    });
    const client = connect(gateway.port, "127.0.0.1");
    client.write("GET /x HTTP/1.0\r\n\r\n");
    client.resume();
    const end = await new Promise((resolve) => {
      client.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code));
      client.once("end", resolve);
    });
    expect(end).toBe("ECONNRESET");
  });

  /** Resolves with a count that has not moved while the gateway answered 50 other requests. */
  const settled = async (url: string, count: () => number): Promise<number> => {
    for (;;) {
      const before = count();
      for (let request = 0; request < 50; request++) {
        await rawRequest(url, "GET /auth/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      }
      if (count() === before) return before;
    }
  };
  const PIECE = Buffer.alloc(1024 * 1024, "x");
  const TOTAL = 128 * PIECE.length;
  /** What the buffers of two connections hold at the very most. */
  const BUFFERED = 48 * PIECE.length;

  test("a response waits for its client", async () => {
    let sent = 0;
    gateway.scene(({ socket }) => {
      const more = () => {
        while (sent < TOTAL) {
          sent += PIECE.length;
          if (!socket.write(PIECE)) return;
        }
      };
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${TOTAL}\r\nConnection: close\r\n\r\n`);
      socket.on("drain", more);
      more();
    });
    const client = connect(gateway.port, "127.0.0.1");
    client.write("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    client.pause();
    expect(await settled(gateway.url, () => sent)).toBeLessThan(BUFFERED);
    let received = 0;
    client.on("data", (chunk) => {
      received += chunk.length;
    });
    client.resume();
    await once(client, "end");
    expect(received).toBeGreaterThan(TOTAL);
  });

  test("an upload waits for its upstream", async () => {
    const up = gateway.scene(({ socket }) => void socket.pause());
    const client = connect(gateway.port, "127.0.0.1");
    let sent = 0;
    const more = () => {
      while (sent < TOTAL) {
        sent += PIECE.length;
        if (!client.write(PIECE)) return;
      }
    };
    client.on("error", () => {});
    client.write(post(`Content-Length: ${TOTAL}`));
    client.on("drain", more);
    more();
    const connection = await up.connection(0);
    const before = await settled(gateway.url, () => sent);
    expect(before).toBeLessThan(BUFFERED);
    const drained = once(client, "drain");
    connection.socket.removeAllListeners("data");
    connection.socket.resume();
    await drained;
    client.destroy();
    await connection.until(({ closed }) => closed);
  });
});
