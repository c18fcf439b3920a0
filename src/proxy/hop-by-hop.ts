import type { HeaderList } from "../lib/header-list.ts";

/** Fields about one connection, which never go further (RFC 9110 §7.6.1, §11.7; RFC 7540 §3.2.1). Lower case. */
export const HOP_BY_HOP: readonly string[] = [
  "connection",
  "proxy-connection",
  "keep-alive",
  "te",
  "transfer-encoding",
  "upgrade",
  "trailer",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-authentication-info",
  "http2-settings",
];

const NO_FIELDS: ReadonlySet<string> = new Set();

/**
 * The fields that a message's `Connection` lines name, in lower case. They are removed before anything of ours is added, so that a
 * client cannot have our own fields dropped (RFC 9110 §7.6.1).
 */
export function connectionFields(headers: HeaderList): ReadonlySet<string> {
  let fields: Set<string> | null = null;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (name.length !== 10 || name.toLowerCase() !== "connection") continue;
    const value = headers[index + 1] as string;
    if (value === "keep-alive" || value === "close") continue;
    fields ??= new Set();
    for (const field of value.split(",")) fields.add(field.trim().toLowerCase());
  }
  return fields ?? NO_FIELDS;
}
