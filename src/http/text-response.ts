import { type HeaderList, webHeaders } from "../lib/header-list.ts";
import { WebBody } from "./web-body.ts";

/** What a transport writes of a response whose body is a text. */
export interface TextAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  /** Null where there is no body. */
  readonly text: string | null;
}

/**
 * A response whose body is a text that a transport can write as it is: the fetch API's own class puts every body into a stream, which
 * costs more than most endpoints do. Who asks it for more is answered by one of the platform's own, made on the spot.
 */
export class TextResponse extends WebBody<Response> implements Response {
  readonly status: number;
  readonly #text: string | null;
  readonly #headers: string[];
  #web: Response | null = null;

  constructor(
    text: string | null,
    { status = 200, headers }: { readonly status?: number; readonly headers: HeaderList },
  ) {
    super();
    this.status = status;
    this.#text = text;
    this.#headers = [...headers];
  }

  /** What there is to write; null once the response has been looked at as one of the platform's, and may have been changed there. */
  get answer(): TextAnswer | null {
    return this.#web === null ? { status: this.status, headers: this.#headers, text: this.#text } : null;
  }

  /** The same as a response of the platform's. */
  get web(): Response {
    this.#web ??= new Response(this.#text, { status: this.status, headers: webHeaders(this.#headers) });
    return this.#web;
  }

  /** As `headers.set`. */
  setHeader(name: string, value: string): void {
    if (this.#web !== null) {
      this.#web.headers.set(name, value);
      return;
    }
    const wanted = name.toLowerCase();
    for (let index = this.#headers.length - 2; index >= 0; index -= 2) {
      if (this.#headers[index]?.toLowerCase() === wanted) this.#headers.splice(index, 2);
    }
    this.#headers.push(name, value);
  }

  /** As `headers.append`. */
  appendHeader(name: string, value: string): void {
    if (this.#web === null) this.#headers.push(name, value);
    else this.#web.headers.append(name, value);
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }
  get headers(): Headers {
    return this.web.headers;
  }
  get redirected(): boolean {
    return this.web.redirected;
  }
  get statusText(): string {
    return this.web.statusText;
  }
  get type(): ResponseType {
    return this.web.type;
  }
  get url(): string {
    return this.web.url;
  }
  clone(): Response {
    return this.web.clone();
  }
}

/** As `Response.json`. */
export const jsonResponse = (value: unknown, status = 200, headers: HeaderList = []): Response =>
  new TextResponse(JSON.stringify(value), { status, headers: ["Content-Type", "application/json", ...headers] });

/** What the platform takes for a response: it knows no class but its own. */
export const webResponse = (response: Response): Response =>
  response instanceof TextResponse ? response.web : response;

/** Sets a header of any response, without making one of the platform's of it. */
export function setHeader(response: Response, name: string, value: string): void {
  if (response instanceof TextResponse) response.setHeader(name, value);
  else response.headers.set(name, value);
}

export function appendHeader(response: Response, name: string, value: string): void {
  if (response instanceof TextResponse) response.appendHeader(name, value);
  else response.headers.append(name, value);
}
