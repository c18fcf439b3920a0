/** The global `fetch`, or what stands in for it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** The body's text, of so many bytes at most. Rejects with the signal's reason, whatever the sender does, and for a body that is larger. */
export async function readText(response: Response, maxBytes: number, signal: AbortSignal): Promise<string> {
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let size = 0;
  for await (const piece of piecesOf(response, signal)) {
    size += piece.byteLength;
    if (size > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    text += utf8.decode(piece, { stream: true });
  }
  return text + utf8.decode();
}

/** The body, piece by piece. Who stops reading, or aborts, lets go of the connection. */
export async function* piecesOf(response: Response, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {});
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    for (;;) {
      const { value, done } = await Promise.race([reader.read(), aborted.promise]);
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", abort);
    void reader.cancel().catch(() => {});
  }
}
