import fc from "fast-check";
import { expect, test } from "vitest";
import { readResponse } from "./read-response.ts";

const latin1 = (codes: readonly number[]): string => String.fromCharCode(...codes);
const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/);
const octets = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 300 }).map(latin1);
const value = fc
  .array(fc.constantFrom(...[...'\t !~\x80\xff:;,=abc123"']), { maxLength: 20 })
  .map((characters) => characters.join("").replace(/^[\t ]+|[\t ]+$/g, ""));
const OWN = /^(?:content-length|transfer-encoding|connection|keep-alive)$/i;
const fields = fc.array(
  fc.tuple(
    token.filter((name) => !OWN.test(name)),
    value,
  ),
  { maxLength: 6 },
);
const blank = fc.constantFrom("", " ", "\t", "  \t ");

interface Made {
  readonly text: string;
  readonly headers: readonly string[];
  readonly body: string;
}

function chunked(pieces: readonly string[], extension: string, trailer: string): string {
  const chunks = pieces.filter((piece) => piece !== "");
  return `${chunks.map((piece) => `${piece.length.toString(16)}${extension}\r\n${piece}\r\n`).join("")}0\r\n${trailer}\r\n`;
}

/** A response that keeps every rule, and what it says. */
const response: fc.Arbitrary<Made> = fc
  .record({
    status: fc.integer({ min: 200, max: 599 }).filter((status) => status !== 204 && status !== 304),
    fields,
    blank,
    pieces: fc.array(octets, { maxLength: 4 }),
    framing: fc.constantFrom("length" as const, "chunked" as const),
    extension: fc.constantFrom("", ";a", ';a=b;c="d;e"'),
    trailer: fc.constantFrom("", "X: 1\r\n", "X: 1\r\nY:\r\n"),
    interim: fc.constantFrom("", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
  })
  .map(({ status, fields, blank, pieces, framing, extension, trailer, interim }) => {
    const body = pieces.join("");
    const [name, said] = framing === "length" ? ["Content-Length", `${body.length}`] : ["Transfer-Encoding", "chunked"];
    const lines = [...fields, [name, said] as const];
    const head = lines.map(([field, content]) => `${field}:${blank}${content}${blank}\r\n`).join("");
    const framed = framing === "length" ? body : chunked(pieces, extension, trailer);
    return { text: `${interim}HTTP/1.1 ${status} Any\r\n${head}\r\n${framed}`, headers: lines.flat(), body };
  });

/** The same text in two pieces, at every place. */
const splits = (text: string): string[][] =>
  Array.from({ length: text.length - 1 }, (_, at) => [text.slice(0, at + 1), text.slice(at + 1)]);

test("a good response is the same wherever it is split", () => {
  fc.assert(
    fc.property(response, ({ text, headers, body }) => {
      const whole = readResponse([text]);
      expect(whole).toMatchObject({ head: { headers }, body, end: "complete", reusable: true });
      for (const pieces of splits(text)) expect(readResponse(pieces)).toEqual(whole);
      expect(readResponse([...text])).toEqual(whole);
    }),
    { numRuns: 60 },
  );
});

test("a good response that is cut short anywhere is never a whole one", () => {
  fc.assert(
    fc.property(response, fc.nat(), ({ text }, at) => {
      expect(readResponse([text.slice(0, at % text.length)], { closes: true }).end).not.toBe("complete");
    }),
  );
});

test("what follows a good response never becomes part of it, and never goes unseen", () => {
  fc.assert(
    fc.property(response, fc.array(octets, { minLength: 1, maxLength: 2 }), ({ text, body }, more) => {
      const rest = `x${more.join("")}`;
      for (const pieces of [[text + rest], [text, rest], [...text, rest]]) {
        expect(readResponse(pieces)).toMatchObject({ body, end: "complete", reusable: false });
      }
    }),
  );
});

const DANGEROUS = ["\r", "\n", "\0", " ", "\t", ":", ";", ",", "0", "9", "f", "\r\n", "\r\n\r\n", "\x7f", "\xff"];

test("a response with anything changed is read the same in one piece and octet by octet", () => {
  const change = fc.tuple(fc.nat(), fc.nat({ max: 3 }), fc.oneof(fc.constantFrom(...DANGEROUS), octets));
  fc.assert(
    fc.property(
      response,
      fc.array(change, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      ({ text }, changes, closes) => {
        let changed = text;
        for (const [where, removed, added] of changes) {
          const at = where % (changed.length + 1);
          changed = changed.slice(0, at) + added + changed.slice(at + removed);
        }
        const whole = readResponse([changed], { closes });
        const inPieces = readResponse([...changed], { closes });
        // What is refused may be refused sooner, before more of it has come.
        if (whole.end === "refused") expect(inPieces.end).toBe("refused");
        else expect(inPieces).toEqual(whole);
      },
    ),
    { numRuns: 400 },
  );
});
