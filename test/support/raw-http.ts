import { connect } from "node:net";

export interface RawAnswer {
  /** Everything that came until the other side closed or `until` was satisfied, as Latin-1. */
  readonly text: string;
  /** The same without the interim responses at its beginning. */
  readonly final: string;
  /** Of the first response that is not interim; 0 where none came. */
  readonly status: number;
  /** Whether the other side ended the connection. */
  readonly closed: boolean;
}

const INTERIM = /^(?:HTTP\/1\.1 1(?!01)\d\d [\s\S]*?\r\n\r\n)+/;

/**
 * Writes bytes to a socket and reads what comes back, for requests that no client would send. Ends when the other side closes,
 * or as soon as `until` accepts the text so far; say `Connection: close` in the request otherwise. Rejects after 10 s.
 */
export function rawRequest(
  url: string,
  bytes: string | Uint8Array,
  until: (text: string) => boolean = () => false,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = "";
    const finish = (closed: boolean): void => {
      clearTimeout(patience);
      socket.destroy();
      const final = text.replace(INTERIM, "");
      resolve({ text, final, status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(final)?.[1] ?? 0), closed });
    };
    const patience = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end of the answer after 10 s; so far: ${JSON.stringify(text.slice(0, 500))}`));
    }, 10_000);
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (until(text)) finish(false);
    });
    socket.once("end", () => finish(true));
    // A reset after an answer is how some servers refuse the rest of a request.
    socket.once("error", () => finish(true));
    socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  });
}
