import { describe, expect, it } from "vitest";
import { encodeBase64url } from "../../../src/lib/base64url.ts";
import { MAX_TOKEN_LENGTH, parseJsonObject, readHeader, splitJws } from "../../../src/tokens/parse-jwt.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("the form of a token", () => {
  it("splits three canonical parts", () => {
    expect(splitJws("YQ.YWI.YWJj")).toEqual({
      header: "YQ",
      payload: bytes("ab"),
      signature: bytes("abc"),
      signingInput: "YQ.YWI",
    });
  });

  it.each([
    ["padding", "YQ.YWI=.YWJj"],
    ["padding in the signature", "YQ.YWI.YWI="],
    ["a space", "YQ.YWI .YWJj"],
    ["a newline at the end", "YQ.YWI.YWJj\n"],
    ["a changed spare bit in the payload", "YQ.YWJ.YWJj"],
    ["a changed spare bit in the signature", "YQ.YWI.YWJ"],
    ["a part of impossible length", "YQ.YWI.YWJjY"],
    ["the other alphabet", "YQ.YWI.+/+/"],
    ["two parts", "YQ.YWI"],
    ["four parts", "YQ.YWI.YWJj.YQ"],
    ["five parts, as a JWE has", "YQ.YWI.YWJj.YQ.YQ"],
    ["no header", ".YWI.YWJj"],
    ["no payload", "YQ..YWJj"],
    ["no signature", "YQ.YWI."],
    ["nothing", ""],
    ["letters beyond ASCII", "YQ.YWI.YWJＡ"],
  ])("AT10, AT11: refuses %s", (_, text) => {
    expect(splitJws(text)).toBeNull();
  });

  it("AT11: refuses what is longer than 8 KiB", () => {
    const head = "YQ.YWI.";
    expect(splitJws(head + "A".repeat(MAX_TOKEN_LENGTH - head.length - 1))).not.toBeNull();
    expect(splitJws(head + "A".repeat(MAX_TOKEN_LENGTH))).toBeNull();
  });
});

describe("the header of a token", () => {
  const good = { alg: "ES256", kid: "k1", typ: "at+jwt" };
  const part = (header: unknown) => Buffer.from(JSON.stringify(header)).toString("base64url");
  const read = (header: unknown) => readHeader(part(header));

  it("reads alg, kid and typ", () => expect(read(good)).toEqual(good));

  it("AT10: refuses other spellings", () => {
    const one = part({ ...good, kid: "k123" });
    expect([readHeader(one)?.kid, one.at(-1)]).toEqual(["k123", "Q"]);
    for (const other of [`${one}==`, `${one} `, ` ${one}`, `${one}\n`, `${one.slice(0, -1)}R`, ""]) {
      expect(readHeader(other), other).toBeNull();
    }
  });

  it("AT3, AT4: refuses every other member", () => {
    const others = {
      ...{ crit: ["exp"], b64: false, jku: "https://evil.example/", x5u: "https://evil.example/" },
      ...{ x5c: [], x5t: "a", jwk: {}, zip: "DEF", enc: "A256GCM", p2c: 2 ** 31, cty: "JWT", x: 1 },
    };
    for (const [name, value] of Object.entries(others)) expect(read({ ...good, [name]: value }), name).toBeNull();
    const own = '{"alg":"ES256","kid":"k1","typ":"at+jwt","__proto__":{}}';
    expect(readHeader(Buffer.from(own).toString("base64url"))).toBeNull();
  });

  it("refuses missing and mistyped members", () => {
    for (const name of ["alg", "kid", "typ"]) {
      for (const value of [undefined, null, 1, ["ES256"], {}]) expect(read({ ...good, [name]: value })).toBeNull();
    }
  });

  it("AT13: refuses a kid that none of ours looks like", () => {
    for (const kid of ["../../dev/null", "' OR 1=1 --", "", "k k", "k".repeat(65), "ключ"]) {
      expect(read({ ...good, kid }), kid).toBeNull();
    }
    expect(read({ ...good, kid: "__proto__" })).not.toBeNull();
  });
});

describe("JSON in a token", () => {
  it("AT9: refuses what is no JSON object in UTF-8", () => {
    for (const text of ["", "null", "[]", '"x"', "1", "NaN", '{"a":NaN}', "{'a':1}", '{"a":1}x', "\ufeff{}", "{"]) {
      expect(parseJsonObject(bytes(text)), text).toBeNull();
    }
    expect(parseJsonObject(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))).toBeNull();
    expect(parseJsonObject(Uint8Array.of(0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d))).toBeNull();
  });

  it("AT9: of a doubled name the last counts, and depth does no harm", () => {
    expect(parseJsonObject(bytes('{"sub":"a","sub":"b"}'))).toEqual({ sub: "b" });
    const deep = `{"a":${"[".repeat(3000)}${"]".repeat(3000)}}`;
    expect(parseJsonObject(bytes(deep))).not.toBeNull();
    expect(encodeBase64url(bytes(deep)).length).toBeGreaterThan(MAX_TOKEN_LENGTH - 200);
  });
});
