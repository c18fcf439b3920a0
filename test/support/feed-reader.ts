import { request } from "undici";

/** A message of an event stream. */
export interface FeedMessage {
  readonly event: string;
  readonly id: string | null;
  readonly data: unknown;
}

/** One open `GET /auth/revocations`, read message by message. */
export interface FeedReader {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The next message with that name, those before it left out; rejects when the stream ends before. */
  next(event: string): Promise<FeedMessage>;
  /** The entries up to the next message about the view, and the last id. */
  untilView(): Promise<{ readonly entries: readonly Record<string, unknown>[]; readonly id: string | null }>;
  /** Reads on to the end; `cut`: it was no proper end. */
  ended(): Promise<"ended" | "cut">;
  text(): Promise<string>;
  close(): void;
}

export const basic = ({ id, secret }: { readonly id: string; readonly secret: string }): string =>
  `Basic ${btoa(`${id}:${secret}`)}`;

export async function openFeed(
  url: string,
  headers: Readonly<Record<string, string>>,
  query = "",
): Promise<FeedReader> {
  const aborted = new AbortController();
  const answer = await request(`${url}/auth/revocations${query}`, { headers, signal: aborted.signal, bodyTimeout: 0 });
  const messages = messagesOf(answer.body);
  async function next(event: string): Promise<FeedMessage> {
    for (;;) {
      const { value, done } = await messages.next();
      if (done === true) throw new Error(`the stream ended before a message "${event}"`);
      if (value.event === event) return value;
    }
  }
  return {
    status: answer.statusCode,
    headers: answer.headers,
    next,
    async untilView() {
      const entries: Record<string, unknown>[] = [];
      let id: string | null = null;
      for (;;) {
        const { value, done } = await messages.next();
        if (done === true) throw new Error("the stream ended before it said anything of the view");
        if (value.event === "view") return { entries, id };
        if (value.event === "entries") entries.push(...(value.data as Record<string, unknown>[]));
        id = value.id ?? id;
      }
    },
    async ended() {
      try {
        while ((await messages.next()).done !== true);
        return "ended";
      } catch {
        return "cut";
      }
    },
    text: () => answer.body.text(),
    close: () => aborted.abort(),
  };
}

async function* messagesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<FeedMessage, undefined> {
  const utf8 = new TextDecoder();
  let text = "";
  for await (const piece of body) {
    text += utf8.decode(piece, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      yield readMessage(text.slice(0, end));
      text = text.slice(end + 2);
    }
  }
  return undefined;
}

function readMessage(text: string): FeedMessage {
  const fields = new Map(text.split("\n").map((line) => line.split(/: (.*)/s, 2) as [string, string]));
  return { event: fields.get("event") ?? "", id: fields.get("id") ?? null, data: JSON.parse(fields.get("data") ?? "") };
}
