import { createServer } from "node:net";
import fc from "fast-check";
import { Client } from "undici";
import { expect, test } from "vitest";
import { listen } from "../../../../support/listen.ts";
import { ask, clientFor } from "./ask.ts";

const piece = fc.stringMatching(/^[a-z\r\n0-9]{0,40}$/);
const LINES = [
  "X-A: 1",
  "x-a: 2",
  "Set-Cookie: a=1; Path=/",
  "X-Empty:",
  "X-Space: \t a b\t ",
  "X-High: \xe9",
  "Keep-Alive: timeout=60",
];

const chunk = (text: string): string => (text === "" ? "" : `${text.length.toString(16)};x=y\r\n${text}\r\n`);

const response = fc
  .record({
    status: fc.constantFrom("200 OK", "404 Not Found", "500", "201 ", "299 A b"),
    lines: fc.array(fc.constantFrom(...LINES), { maxLength: 5 }),
    pieces: fc.array(piece, { maxLength: 4 }),
    framing: fc.constantFrom("length" as const, "chunked" as const, "close" as const),
    interim: fc.constantFrom("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    cuts: fc.array(fc.nat(), { maxLength: 5 }),
  })
  .map(({ status, lines, pieces, framing, interim, cuts }) => {
    const body = pieces.join("");
    const framed = { length: body, chunked: `${pieces.map(chunk).join("")}0\r\nX-T: 1\r\n\r\n`, close: body }[framing];
    const said = {
      length: [`Content-Length: ${body.length}`],
      chunked: ["Transfer-Encoding: chunked"],
      close: ["Connection: close"],
    };
    const head = [`${interim}HTTP/1.1 ${status}`, ...lines, ...said[framing]].join("\r\n");
    const text = `${head}\r\n\r\n${framed}`;
    const places = [...new Set([0, ...cuts.map((cut) => cut % text.length), text.length])].sort((a, b) => a - b);
    return { closes: framing === "close", pieces: places.slice(1).map((to, index) => text.slice(places[index], to)) };
  });

test("good responses say the same to undici, in whichever pieces they come", async () => {
  let now: { readonly closes: boolean; readonly pieces: readonly string[] } = { closes: false, pieces: [] };
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.setNoDelay(true);
    socket.on("data", async () => {
      const { closes, pieces } = now;
      for (const text of pieces)
        await new Promise((written) => socket.write(text, "latin1", () => setImmediate(written)));
      if (closes) socket.end();
    });
  });
  const { port } = await listen(server);
  const origin = `http://127.0.0.1:${port}`;
  const ours = clientFor(origin);
  const theirs = new Client(origin);
  // It leaves the white space behind a value, which is none of it (RFC 9110 §5.5).
  const fields = (headers: readonly string[] | Record<string, unknown> | null) =>
    (Array.isArray(headers) ? headers : []).map((text) => String(text).replace(/[\t ]+$/, ""));
  await fc.assert(
    fc.asyncProperty(response, async (sent) => {
      now = sent;
      const oracle = await theirs.request({ method: "GET", path: "/", responseHeaders: "raw" });
      const body = Buffer.from(await oracle.body.arrayBuffer()).toString("latin1");
      const answer = await ask(ours);
      expect(answer).toMatchObject({ status: oracle.statusCode, body });
      expect(answer.headers).toEqual(fields(oracle.headers));
    }),
    { numRuns: 60 },
  );
  ours.destroy();
  await theirs.destroy();
});
