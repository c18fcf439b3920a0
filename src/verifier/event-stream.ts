/** A message of an event stream (WHATWG HTML §9.2). */
export interface StreamMessage {
  readonly event: string;
  readonly data: string;
  /** Null where the message has none of its own. */
  readonly id: string | null;
}

/** Characters of one message: a page of the feed has fewer. */
const MAX_LENGTH = 4 * 1024 * 1024;

/** Splits bytes into messages; comments and unknown fields are left out, and what is not ended. Rejects for a message that is too long. */
export async function* messagesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<StreamMessage> {
  const utf8 = new TextDecoder();
  let rest = "";
  let length = 0;
  let fields = new Fields();
  for await (const piece of pieces) {
    const lines = (rest + utf8.decode(piece, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      length += line.length;
      if (line === "" || line === "\r") {
        const message = fields.message();
        if (message !== null) yield message;
        fields = new Fields();
        length = 0;
      } else fields.add(line.endsWith("\r") ? line.slice(0, -1) : line);
    }
    if (length + rest.length > MAX_LENGTH) throw new Error("a message is too long");
  }
}

class Fields {
  #event = "message";
  #id: string | null = null;
  readonly #data: string[] = [];

  add(line: string): void {
    const [, name, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === "event") this.#event = value;
    else if (name === "data") this.#data.push(value);
    else if (name === "id") this.#id = value;
  }

  message(): StreamMessage | null {
    return this.#data.length === 0 ? null : { event: this.#event, data: this.#data.join("\n"), id: this.#id };
  }
}
