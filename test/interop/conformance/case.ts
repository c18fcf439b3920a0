/** Bytes that proxies may take differently. */
export interface Case {
  readonly name: string;
  readonly bytes: string;
  /** Where the proxies differ: why Postern does what it does. */
  readonly why?: string;
}

export interface Section {
  readonly title: string;
  readonly cases: readonly Case[];
}

/** A request after whose answer the connection ends. */
export const request = (line: string, fields: readonly string[] = [], body = ""): string =>
  `${[`${line} HTTP/1.1`, "Host: a", "Connection: close", ...fields].join("\r\n")}\r\n\r\n${body}`;

export const bare = (...lines: string[]): string => `${lines.join("\r\n")}\r\n\r\n`;

export const STRICT_LINES =
  "RFC 9112 §2.2 lets LF alone end a line; Postern wants CR LF, so that nobody behind it can count lines otherwise";
