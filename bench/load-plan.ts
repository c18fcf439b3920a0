/** What the load generator is asked to send. */
export interface LoadPlan {
  /** Connections go to these in turn. */
  readonly ports: readonly number[];
  readonly connections: number;
  /** Sent before anything is measured, and answered, on each connection; left out: nothing. */
  readonly opening?: Opening;
  readonly requests: number;
  /** Requests a second whatever the answers do (open loop), or null: each connection sends as soon as it is answered. */
  readonly rate: number | null;
  readonly send: Messages;
  /** The status that every answer must have, any other failing the measurement; null: whatever comes is counted. */
  readonly expect: number | null;
}

export interface Opening {
  /** Taken in turn, and from the start again. */
  readonly messages: readonly string[];
  readonly expect: number;
}

export type Messages =
  /** HTTP/1.1 requests, taken in turn and from the start again, each followed by `body` bytes. */
  | { readonly kind: "list"; readonly messages: readonly string[]; readonly body?: number }
  /** WebSocket messages with `payload` bytes, each echoed; the connection is changed over by the opening. */
  | { readonly kind: "frames"; readonly payload: number }
  /** The refresh tokens are posted to /auth/refresh in turn, each replaced by the one that is answered. */
  | { readonly kind: "refresh"; readonly tokens: readonly string[] };

export interface LoadResult {
  readonly answers: number;
  readonly milliseconds: number;
  /** How many answers had which status. */
  readonly statuses: Readonly<Record<number, number>>;
  /** In milliseconds, from the time a request was due. */
  readonly latency: { readonly p50: number; readonly p99: number; readonly max: number };
  /** The refresh tokens to go on with, and how many answers brought a new one. */
  readonly tokens: readonly string[];
  readonly renewed: number;
}

export type LoadReply =
  /** Every connection is open; what is measured begins as soon as the generator is told `GO`. */
  | { readonly kind: "ready" }
  | { readonly kind: "done"; readonly result: LoadResult }
  | { readonly kind: "failed"; readonly why: string };

export const GO = "go";

/** One HTTP/1.1 request as text. */
export function httpRequest(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body = "",
  host = "127.0.0.1",
): string {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== "") lines.push("Content-Type: application/json", `Content-Length: ${Buffer.byteLength(body)}`);
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

const fromBrowser = (token: string | null): Readonly<Record<string, string>> => ({
  Accept: "application/json",
  "Accept-Encoding": "gzip, deflate, br",
  "Accept-Language": "en-GB,en;q=0.9",
  "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
});

const MAIN_PATH = "/api/orders/42?expand=lines";

/** What a single-page app's fetch sends, about 600 bytes with a token. */
export const getRequest = (path: string, token: string | null, host?: string): string =>
  httpRequest("GET", path, fromBrowser(token), "", host);

/** The request of the main row. */
export const apiRequest = (token: string | null): string => getRequest(MAIN_PATH, token);

/** Asks upstreams/bodies.ts for as many bytes. */
export const download = (token: string | null, bytes: number): string =>
  httpRequest("GET", `/api/orders/${bytes}`, fromBrowser(token));

/** The head of a request with as many bytes. */
export const upload = (token: string | null, bytes: number): string =>
  httpRequest("POST", "/api/orders/42", {
    ...fromBrowser(token),
    "Content-Type": "application/octet-stream",
    "Content-Length": String(bytes),
  });

/** Asks for a WebSocket, as a service does that sends its token in a header. */
export const webSocketRequest = (token: string | null): string =>
  httpRequest("GET", "/api/orders/socket", {
    ...fromBrowser(token),
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  });

/** The same as Cloudflare hands it to a Worker. */
export const edgeRequest = (token: string | null): string =>
  httpRequest("GET", MAIN_PATH, { ...fromBrowser(token), "CF-Connecting-IP": "192.0.2.7" });
