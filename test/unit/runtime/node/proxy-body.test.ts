import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { ClientBody } from "../../../../src/runtime/node/proxy-body.ts";

/** A request's body that is passed on, and all that is told of it. */
function clientBody(max = Number.POSITIVE_INFINITY) {
  const told: string[] = [];
  const req = new IncomingMessage(new Socket());
  const body: ClientBody = new ClientBody(req, {
    onStart: () => void told.push("start"),
    max,
    onTooLong() {
      told.push("too long");
      body.destroy();
    },
  });
  const begin = () =>
    body.begin({
      onPiece: (piece) => void told.push(String(piece)),
      onEnd: () => void told.push("end"),
      onFailure: ({ message }) => void told.push(message),
    });
  return { req, body, begin, told };
}

test("says nothing before it begins, then all of it", async () => {
  const { req, begin, told } = clientBody();
  req.push("hello");
  req.push(null);
  await setImmediate();
  expect(told).toEqual([]);
  begin();
  await setImmediate();
  expect(told).toEqual(["start", "hello", "end"]);
});

test("one that broke off before it was to begin says so, once, and does not begin", async () => {
  const { req, begin, told } = clientBody();
  req.push("he");
  req.destroy(new Error("reset"));
  await setImmediate();
  begin();
  await setImmediate();
  expect(told).toEqual(["reset"]);
});

test("one that breaks off has no end", async () => {
  const { req, begin, told } = clientBody();
  begin();
  req.push("he");
  await setImmediate();
  req.destroy();
  await setImmediate();
  expect(told).toEqual(["start", "he", "the client went away in the middle of its body"]);
});

test("waits where it is paused", async () => {
  const { req, body, begin, told } = clientBody();
  begin();
  req.push("he");
  await setImmediate();
  body.pause();
  req.push("llo");
  await setImmediate();
  expect(told).toEqual(["start", "he"]);
  body.resume();
  await setImmediate();
  expect(told).toEqual(["start", "he", "llo"]);
});

test.each<[string, number, (body: ClientBody) => void, readonly string[]]>([
  ["that is not wanted", Number.POSITIVE_INFINITY, (body) => body.destroy(), ["start"]],
  ["that is too long", 3, () => {}, ["start", "too long"]],
])("one %s is read to its end, and told to nobody", async (_what, max, act, expected) => {
  const { req, body, begin, told } = clientBody(max);
  begin();
  act(body);
  req.push("hello");
  req.push(" world");
  req.push(null);
  await setImmediate();
  expect(told).toEqual(expected);
  expect(req.readableEnded).toBe(true);
});
