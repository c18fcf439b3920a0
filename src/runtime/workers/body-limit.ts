/** A body of which no more than `max` bytes pass: it fails, and `onPassed` is called, with the piece that has more. */
export function limitedBody(
  body: ReadableStream<Uint8Array>,
  max: number,
  onPassed: () => void,
): ReadableStream<Uint8Array> {
  let size = 0;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        size += piece.byteLength;
        if (size <= max) {
          controller.enqueue(piece);
          return;
        }
        onPassed();
        controller.error(new Error("the body is too long"));
      },
    }),
  );
}
