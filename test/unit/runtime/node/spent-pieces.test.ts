import { once } from "node:events";
import { Writable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { writeAndFree } from "../../../../src/runtime/node/spent-pieces.ts";

const LARGE = 64 * 1024;

/** Takes one piece, and has it written when told. */
function slow() {
  let done: (error?: Error) => void = () => {};
  const stream = new Writable({
    write(_piece, _encoding, callback) {
      done = callback;
    },
  });
  return { stream, done: (error?: Error) => done(error) };
}

test("a large piece is there until it is written, and no longer", async () => {
  const { stream, done } = slow();
  const piece = Buffer.alloc(LARGE, "x");
  writeAndFree(stream, piece);
  await setImmediate();
  expect(piece).toHaveLength(LARGE);
  done();
  await setImmediate();
  expect(piece).toHaveLength(0);
});

test("one whose write has failed stays: it may still be read", async () => {
  const { stream, done } = slow();
  const piece = Buffer.alloc(LARGE, "x");
  writeAndFree(stream, piece);
  done(new Error("reset"));
  await once(stream, "error");
  await setImmediate();
  expect(piece).toHaveLength(LARGE);
});

test.each<[string, Buffer]>([
  ["a part of something larger", Buffer.alloc(2 * LARGE, "x").subarray(LARGE)],
  ["a small one", Buffer.alloc(100, "x")],
])("%s is left alone", async (_what, piece) => {
  const { stream, done } = slow();
  const before = piece.length;
  writeAndFree(stream, piece);
  done();
  await setImmediate();
  expect(piece).toHaveLength(before);
});

test("answers whether more may be written", () => {
  const { stream } = slow();
  const answers = [writeAndFree(stream, Buffer.alloc(100)), writeAndFree(stream, Buffer.alloc(LARGE))];
  expect(answers).toEqual([true, false]);
});
