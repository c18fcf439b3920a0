import { createServer, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { listen } from "./listen.ts";

export interface SeenRequest {
  readonly method: string;
  /** Path and query, as received. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  /** Name, value, name, value… as received. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface DemoUpstream {
  readonly url: string;
  /** Every request that arrived, in order. */
  readonly requests: SeenRequest[];
  /** Answers the next request so, without a body. */
  answerNext(answer: { readonly status: number; readonly headers: OutgoingHttpHeaders }): void;
  close(): Promise<void>;
}

/** A small service: keeps what it is sent and answers it as JSON. Closed when the test file ends. */
export async function startDemoUpstream(): Promise<DemoUpstream> {
  const requests: SeenRequest[] = [];
  let next: { readonly status: number; readonly headers: OutgoingHttpHeaders } | null = null;
  const server = createServer(async (request, response) => {
    let body = "";
    try {
      for await (const chunk of request.setEncoding("utf8")) body += chunk;
    } catch {
      // What breaks off was no request.
      return;
    }
    const { method = "", url = "", headers, rawHeaders } = request;
    requests.push({ method, url, headers, rawHeaders, body });
    if (next !== null) {
      response.writeHead(next.status, next.headers).end();
      next = null;
      return;
    }
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ method, url, headers, body }));
  });
  const { port, close } = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    answerNext(answer) {
      next = answer;
    },
    close,
  };
}
