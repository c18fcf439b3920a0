import { Agent, type Dispatcher, request } from "undici";

export interface Answer {
  readonly status: number;
  /** By lower-case name; a repeated header's values in order, joined by ", " (Set-Cookie is in `setCookies`). */
  readonly headers: Readonly<Record<string, string>>;
  readonly setCookies: readonly string[];
  readonly text: string;
  /** The body as JSON; throws where it is none. */
  json<T = Record<string, unknown>>(): T;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as application/json. */
  readonly json?: unknown;
  /** Sent as application/x-www-form-urlencoded. */
  readonly form?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface LoginAnswer {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly session_id: string;
  readonly refresh_token?: string;
  readonly user: { readonly id: string; readonly username: string; readonly roles: readonly string[] };
}

/** How a browser on the gateway's own page sends a script's request; a test overrides what it attacks. */
const SAME_ORIGIN = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };
const USER_AGENT =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

/**
 * A small browser: a cookie jar for one origin, Sec-Fetch headers, the access token in memory. Follows no redirect. Cookies go
 * over plain HTTP on loopback whatever `Secure` says, as browsers do for localhost.
 */
export class Browser {
  readonly origin: string;
  /** Name to value. */
  readonly cookies = new Map<string, string>();
  /** From the last login or refresh that brought one. */
  accessToken: string | null = null;
  readonly #defaults: Readonly<Record<string, string>>;
  readonly #dispatcher: Dispatcher | undefined;

  constructor(origin: string, options: { headers?: Readonly<Record<string, string>>; ca?: string } = {}) {
    this.origin = origin;
    this.#defaults = { ...SAME_ORIGIN, "user-agent": USER_AGENT, ...options.headers };
    this.#dispatcher = options.ca === undefined ? undefined : new Agent({ connect: { ca: options.ca } });
  }

  /** Sends a request with the jar's cookies and keeps those that come back. A header given as "" is left out. */
  async fetch(path: string, call: Call = {}): Promise<Answer> {
    const headers: Record<string, string> = { ...this.#defaults };
    if (this.cookies.size > 0) headers.cookie = [...this.cookies].map(([k, v]) => `${k}=${v}`).join("; ");
    let body = call.body ?? null;
    if (call.json !== undefined) {
      headers["content-type"] = "application/json";
      body = JSON.stringify(call.json);
    } else if (call.form !== undefined) {
      headers["content-type"] = "application/x-www-form-urlencoded";
      body = new URLSearchParams(call.form).toString();
    }
    for (const [name, value] of Object.entries(call.headers ?? {})) headers[name.toLowerCase()] = value;
    for (const [name, value] of Object.entries(headers)) if (value === "") delete headers[name];

    const answer = await send(
      this.origin + path,
      call.method ?? (body === null ? "GET" : "POST"),
      headers,
      body,
      this.#dispatcher,
    );
    for (const cookie of answer.setCookies) this.#keep(cookie);
    return answer;
  }

  /** As `fetch`, with the access token as Bearer. */
  api(path: string, call: Call = {}): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.accessToken ?? ""}`, ...call.headers };
    return this.fetch(path, { ...call, headers });
  }

  async login(username: string, password: string, extra: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
    return this.#keepToken(await this.fetch("/auth/login", { json: { username, password, ...extra } }));
  }

  /** `refreshToken`: for a session whose token travels in the body. */
  async refresh(refreshToken?: string): Promise<Answer> {
    const call = refreshToken === undefined ? {} : { json: { refresh_token: refreshToken } };
    return this.#keepToken(await this.fetch("/auth/refresh", { method: "POST", ...call }));
  }

  logout(): Promise<Answer> {
    return this.api("/auth/logout", { method: "POST" });
  }

  /** Another browser with the same cookies and token: a second tab, or a thief. */
  copy(headers: Readonly<Record<string, string>> = {}): Browser {
    const twin = new Browser(this.origin, { headers: { ...this.#defaults, ...headers } });
    for (const [name, value] of this.cookies) twin.cookies.set(name, value);
    twin.accessToken = this.accessToken;
    return twin;
  }

  #keepToken(answer: Answer): Answer {
    if (answer.status === 200) this.accessToken = answer.json<LoginAnswer>().access_token;
    return answer;
  }

  #keep(setCookie: string): void {
    const [pair = "", ...attributes] = setCookie.split(";").map((part) => part.trim());
    const equals = pair.indexOf("=");
    const name = pair.slice(0, equals);
    const gone = attributes.some((attribute) => /^max-age=(0|-\d+)$/i.test(attribute));
    if (gone) this.cookies.delete(name);
    else this.cookies.set(name, pair.slice(equals + 1));
  }
}

async function send(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: string | null,
  dispatcher: Dispatcher | undefined,
): Promise<Answer> {
  const response = await request(url, {
    method: method as Dispatcher.HttpMethod,
    headers,
    body,
    ...(dispatcher === undefined ? {} : { dispatcher }),
  });
  const text = await response.body.text();
  const { "set-cookie": cookies = [], ...rest } = response.headers;
  const flat = Object.entries(rest).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(", ") : (value ?? ""),
  ]);
  return {
    status: response.statusCode,
    headers: Object.fromEntries(flat),
    setCookies: Array.isArray(cookies) ? cookies : [cookies],
    text,
    json: () => JSON.parse(text),
  };
}
