import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closeFrame, FramePosition } from "../../../src/proxy/websocket-frames.ts";

interface Frame {
  readonly opcode: number;
  readonly length: number;
  readonly masked: boolean;
}

/** RFC 6455 §5.2, written down a second time. */
function bytesOf({ opcode, length, masked }: Frame): Uint8Array {
  const mask = masked ? 0x80 : 0;
  const head = [0x80 | opcode];
  if (length < 126) head.push(mask | length);
  else if (length < 65_536) head.push(mask | 126, length >> 8, length & 0xff);
  else head.push(mask | 127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff);
  if (masked) head.push(0x88, 0x88, 0x88, 0x88);
  // Payload that looks like heads.
  return Uint8Array.from([...head, ...new Array<number>(length).fill(0x88)]);
}

const frames = fc.array(
  fc.record({
    opcode: fc.constantFrom(0, 1, 2, 9, 10),
    length: fc.oneof(fc.integer({ min: 0, max: 130 }), fc.constantFrom(125, 126, 127, 65_535, 65_536, 70_000)),
    masked: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
);

test("knows between which bytes frames end, however they come", () => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1 }), (sent, sizes) => {
      const pieces = sent.map(bytesOf);
      const bytes = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
      const ends = new Set<number>();
      let end = 0;
      for (const piece of pieces) {
        end += piece.length;
        ends.add(end);
      }
      const position = new FramePosition();
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const chunk = bytes.subarray(at, at + (sizes[turn % sizes.length] as number));
        position.pass(chunk);
        at += chunk.length;
        expect(position.between).toBe(ends.has(at));
      }
      expect(position.closing).toBe(false);
    }),
    { numRuns: 50 },
  );
});

describe("the rest of a frame", () => {
  const frame = bytesOf({ opcode: 2, length: 300, masked: false });

  test("ends where the next frame begins", () => {
    const position = new FramePosition();
    position.pass(frame.subarray(0, 100));
    expect([position.between, position.left]).toEqual([false, 204]);
    expect(position.passFrame(Uint8Array.of(...frame.subarray(100), ...frame))).toBe(204);
    expect(position.between).toBe(true);
  });

  test("is nothing where none has begun", () => {
    expect(new FramePosition().passFrame(frame)).toBe(0);
  });

  test("may begin in the middle of a head", () => {
    const position = new FramePosition();
    position.pass(frame.subarray(0, 3));
    expect(position.passFrame(frame.subarray(3))).toBe(301);
    expect(position.between).toBe(true);
  });
});

test("a close frame is known to have passed", () => {
  const position = new FramePosition();
  position.pass(closeFrame(1000, "", null));
  expect([position.closing, position.between]).toEqual([true, true]);
});

test("close frames are as in RFC 6455 §5.5.1", () => {
  const code = [4401 >> 8, 4401 & 0xff];
  expect([...closeFrame(4401, "ab", null)]).toEqual([0x88, 4, ...code, 0x61, 0x62]);
  const mask = Uint8Array.of(1, 2, 3, 4);
  const masked = [...code, 0x61, 0x62].map((byte, place) => byte ^ (place + 1));
  expect([...closeFrame(4401, "ab", mask)]).toEqual([0x88, 0x84, 1, 2, 3, 4, ...masked]);
  expect(closeFrame(1001, "x".repeat(200), null)).toHaveLength(2 + 125);
});
