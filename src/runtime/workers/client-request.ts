/**
 * The same request, whose signal says when its client has broken off its body: with the error that reading it fails with, so that it is
 * not taken for one of ours.
 */
export function withBrokenBodyTold(request: Request): Request {
  if (request.body === null || request.method === "GET" || request.method === "HEAD") return request;
  const gone = new AbortController();
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        gone.abort(error);
        controller.error(error);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Request(request.url, {
    ...{ method: request.method, headers: request.headers, body, signal: gone.signal, redirect: "manual" },
  });
}
