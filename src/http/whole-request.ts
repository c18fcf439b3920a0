import { allHeaders, type HeaderList, webHeaders } from "../lib/header-list.ts";
import { WebBody } from "./web-body.ts";

/** Targets that a URL parser gives back as they are. */
const PLAIN_TARGET = /^[A-Za-z0-9/_?=&~-]+$/;

export interface WholeRequestInit {
  readonly method: string;
  readonly origin: string;
  /** In origin form, as sent. */
  readonly target: string;
  readonly headers: HeaderList;
  /** Null where the request has none. */
  readonly content: Uint8Array<ArrayBuffer> | null;
}

/**
 * A request whose body a transport has read to its end. The fetch API's own class takes the URL apart and puts the body into a stream,
 * which costs more than most endpoints do: one of the platform's own is made only for who asks for what is not here.
 */
export class WholeRequest extends WebBody<Request> implements Request {
  readonly method: string;
  readonly content: Uint8Array<ArrayBuffer> | null;
  readonly #init: WholeRequestInit;
  #web: Request | null = null;
  #gone: AbortController | null = null;
  #abandoned = false;

  constructor(init: WholeRequestInit) {
    super();
    this.method = init.method;
    this.content = init.content;
    this.#init = init;
  }

  get url(): string {
    const { origin, target } = this.#init;
    return PLAIN_TARGET.test(target) ? origin + target : this.web.url;
  }

  /** Made where it is asked for: few need it, and it costs more than the rest. */
  get signal(): AbortSignal {
    if (this.#gone === null) {
      this.#gone = new AbortController();
      if (this.#abandoned) this.#gone.abort();
    }
    return this.#gone.signal;
  }

  /** Nobody waits for the answer any more. */
  abandon(): void {
    this.#abandoned = true;
    this.#gone?.abort();
  }

  /** As `headers.get`. `name` in lower case. */
  header(name: string): string | null {
    const values = allHeaders(this.#init.headers, name);
    return values.length === 0 ? null : values.join(", ");
  }

  get web(): Request {
    const { origin, target, method, headers } = this.#init;
    this.#web ??= new Request(origin + target, { method, headers: webHeaders(headers), body: this.content });
    return this.#web;
  }

  get cache(): RequestCache {
    return this.web.cache;
  }
  get credentials(): RequestCredentials {
    return this.web.credentials;
  }
  get destination(): RequestDestination {
    return this.web.destination;
  }
  get headers(): Headers {
    return this.web.headers;
  }
  get integrity(): string {
    return this.web.integrity;
  }
  get keepalive(): boolean {
    return this.web.keepalive;
  }
  get mode(): RequestMode {
    return this.web.mode;
  }
  get redirect(): RequestRedirect {
    return this.web.redirect;
  }
  get referrer(): string {
    return this.web.referrer;
  }
  get referrerPolicy(): ReferrerPolicy {
    return this.web.referrerPolicy;
  }
  clone(): Request {
    return this.web.clone();
  }
}

/** A header of any request, without making one of the platform's of it. `name` in lower case. */
export const headerOf = (request: Request, name: string): string | null =>
  request instanceof WholeRequest ? request.header(name) : request.headers.get(name);
