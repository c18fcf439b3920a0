/** Header lines as they were received: name, value, name, value… Order, case and repetition are kept (RFC 9110 §5.3). */
export type HeaderList = readonly string[];

/** The value of the first line with this name, or null. `name` in lower case. */
export function firstHeader(headers: HeaderList, name: string): string | null {
  for (let index = 0; index < headers.length; index += 2) {
    const candidate = headers[index] as string;
    if (candidate.length === name.length && candidate.toLowerCase() === name) return headers[index + 1] as string;
  }
  return null;
}

/** The value of the only line with this name; null where there is none, or more than one. `name` in lower case. */
export function onlyHeader(headers: HeaderList, name: string): string | null {
  let only: string | null = null;
  for (let index = 0; index < headers.length; index += 2) {
    const candidate = headers[index] as string;
    if (candidate.length !== name.length || candidate.toLowerCase() !== name) continue;
    if (only !== null) return null;
    only = headers[index + 1] as string;
  }
  return only;
}

/** The values of every line with this name, in order. `name` in lower case. */
export function allHeaders(headers: HeaderList, name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    if ((headers[index] as string).toLowerCase() === name) values.push(headers[index + 1] as string);
  }
  return values;
}

/** As the fetch API has them. */
export function webHeaders(lines: HeaderList): Headers {
  const headers = new Headers();
  for (let index = 0; index < lines.length; index += 2) {
    headers.append(lines[index] as string, lines[index + 1] as string);
  }
  return headers;
}
