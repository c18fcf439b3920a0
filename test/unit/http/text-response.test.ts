import { expect, test } from "vitest";
import { appendHeader, jsonResponse, setHeader, TextResponse, webResponse } from "../../../src/http/text-response.ts";

const answerOf = (response: Response) => (response instanceof TextResponse ? response.answer : null);

test("what a transport writes: status, header lines and text", () => {
  const response = jsonResponse({ a: "é" }, 201, ["Cache-Control", "no-store", "Set-Cookie", "a=1"]);
  setHeader(response, "cache-control", "private");
  appendHeader(response, "Set-Cookie", "b=2");
  expect(answerOf(response)).toEqual({
    status: 201,
    headers: [
      ...["Content-Type", "application/json", "Set-Cookie", "a=1"],
      ...["cache-control", "private", "Set-Cookie", "b=2"],
    ],
    text: '{"a":"é"}',
  });
});

test("as a response of the platform's it says the same, whichever way it is looked at", async () => {
  const make = () => jsonResponse({ a: "é" }, 201, ["Set-Cookie", "a=1", "Set-Cookie", "b=2"]);
  const web = webResponse(make());
  expect(web).toBeInstanceOf(Response);
  expect(make().ok).toBe(true);
  for (const response of [web, make(), make().clone()]) {
    expect(response.status).toBe(201);
    expect(response.ok).toBe(true);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({ a: "é" });
    expect(response.bodyUsed).toBe(true);
  }
  expect(await make().text()).toBe('{"a":"é"}');
  expect(new TextDecoder().decode(await make().arrayBuffer())).toBe('{"a":"é"}');
  expect(new Response(make().body, make()).status).toBe(201);
});

test("once it has been looked at as the platform's, headers are set there and the transport reads them there", () => {
  const response = jsonResponse({});
  response.headers.set("X-One", "1");
  expect(answerOf(response)).toBeNull();
  setHeader(response, "x-one", "2");
  appendHeader(response, "X-Two", "3");
  expect([response.headers.get("x-one"), response.headers.get("x-two")]).toEqual(["2", "3"]);
  expect(webResponse(response).headers.get("x-one")).toBe("2");
});

test("without a body there is none, and no type of one", async () => {
  const web = webResponse(new TextResponse(null, { status: 303, headers: ["Location", "/a"] }));
  expect([web.body, web.headers.get("content-type"), web.headers.get("location")]).toEqual([null, null, "/a"]);
});

test("a response of the platform's is left as it is", () => {
  const response = new Response("a", { headers: { "X-One": "1" } });
  setHeader(response, "X-One", "2");
  appendHeader(response, "X-One", "3");
  expect(webResponse(response)).toBe(response);
  expect(response.headers.get("x-one")).toBe("2, 3");
});
