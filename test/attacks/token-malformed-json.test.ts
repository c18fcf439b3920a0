// The attacker has signed bytes that are not quite JSON, or are read in two ways: a member twice, a byte order mark, bytes that
// are no UTF-8, objects ten thousand deep, names that every JavaScript object has. Whoever reads them must refuse or agree with
// everybody else who does; nobody must fall over.
// SECURITY: AT9 (RFC 7519 §4, RFC 8725 §3.7).
import { expect, test } from "vitest";
import { forgingGateway, readToken } from "./forge.ts";
import { expectAccepted, expectRefused, freshToken, showToken } from "./shown-access-token.ts";

const { subject, forge } = await forgingGateway();
const token = await freshToken(subject);
const { header, claims } = readToken(token);
const text = JSON.stringify(claims);
const inner = text.slice(1, -1);

test("what is signed by the same means is accepted", () => expectAccepted(subject, forge.sign(header, text)));

const payloads: readonly (readonly [string, string | Uint8Array])[] = [
  ["no JSON", "hello"],
  ["nothing but space", " "],
  ["an array", `[${text}]`],
  ["a string", JSON.stringify(text)],
  ["null", "null"],
  ["a number", "1"],
  ["cut off", text.slice(0, -1)],
  ["something behind it", `${text}x`],
  ["two objects", `${text}${text}`],
  ["a comma too many", `{${inner},}`],
  ["a comment", `{/**/${inner}}`],
  ["single quotes", text.replaceAll('"', "'")],
  ["NaN", `{${inner},"x":NaN}`],
  ["a byte order mark", `\ufeff${text}`],
  ["UTF-16", Buffer.from(text, "utf16le")],
  [
    "bytes that are no UTF-8",
    Buffer.concat([Buffer.from(`{${inner},"x":"`), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
  ],
  [
    "an overlong encoding",
    Buffer.concat([Buffer.from(`{${inner},"x":"`), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
  ],
  [
    "half a surrogate pair in bytes",
    Buffer.concat([Buffer.from(`{${inner},"x":"`), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
  ],
  ["a control character", `{${inner},"x":"\u0001"}`],
  ["a zero byte", `${text}\u0000`],
  ["thousands of brackets", "[".repeat(5900)],
  ["thousands of objects, not closed", '{"a":'.repeat(1100)],
  ["claims in the prototype", `{"__proto__":${text}}`],
];

test.each(payloads)("a payload with %s", (_, payload) => expectRefused(subject, forge.sign(header, payload)));

test.each(payloads)("a header with %s", (_, bytes) => {
  const head = JSON.stringify(header);
  const odd =
    typeof bytes === "string" ? bytes.replaceAll(text, head).replaceAll(inner, head.slice(1, -1)) : bytes.toString();
  return expectRefused(subject, forge.sign(odd, claims));
});

test("a well-formed depth in a claim that nobody reads is no matter", () =>
  expectAccepted(subject, forge.sign(header, `{${inner},"x":${"[".repeat(2000)}${"]".repeat(2000)}}`)));

test("of a member that stands twice the last one counts, for everybody", async () => {
  const twice = forge.sign(header, `{"sub":"u_somebody","roles":["admin"],${inner}}`);
  await expectAccepted(subject, twice);
  expect(subject.upstream.requests.at(-1)?.headers).toMatchObject({
    "x-auth-user": subject.alice,
    "x-auth-roles": "user",
  });
  const me = await showToken(subject, twice, "/auth/me");
  expect(me.json()).toMatchObject({ user: { id: subject.alice, roles: ["user"] } });
  await expectRefused(subject, forge.sign(header, `{${inner},"sub":null}`));
  await expectRefused(
    subject,
    forge.sign(`{"alg":"ES256",${JSON.stringify(header).slice(1, -1)},"alg":"none"}`, claims),
  );
});

test("nothing of it was an error inside the gateway", async () => {
  expect((await subject.observed()).filter(({ kind }) => kind === "internal_error")).toEqual([]);
});
