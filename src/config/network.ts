import { z } from "zod";
import type { ListenAddress, StoreAddress } from "./config.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** A URL, or null: `URL.parse` without the exception. */
export const parseUrl = (text: string): URL | null => (URL.canParse(text) ? new URL(text) : null);

/** `https:`, or `http:` where nothing leaves the machine. */
function isSafeScheme(url: URL): boolean {
  return url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.has(url.hostname));
}

/** What is wrong with an issuer (RFC 8414 §2, RFC 9207 compares it as a string), or null. */
export function refuseIssuer(text: string): string | null {
  const url = parseUrl(text);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    return 'expected the public URL of this gateway, such as "https://app.example.com"';
  }
  if (url.username !== "" || url.password !== "") return "must not hold a user name or a password";
  if (url.search !== "" || url.hash !== "" || /[?#]/.test(text)) return "must not have a query or a fragment";
  if (!isSafeScheme(url)) {
    return `must be https: cookies and tokens would cross the network in the clear; http is accepted for localhost, 127.0.0.1 and [::1] only (write "https://${url.host}" and let a TLS terminator forward to Postern)`;
  }
  const canonical = url.origin + (url.pathname === "/" ? "" : url.pathname.replace(/\/+$/, ""));
  return canonical === text ? null : `write it as ${JSON.stringify(canonical)}: clients compare it letter by letter`;
}

/** What is wrong with an origin (RFC 6454 §6.2) that may send credentials, or null. */
export function refuseOrigin(text: string): string | null {
  if (text === "*" || text.includes("*"))
    return "must name one origin exactly: a wildcard would let every site act for the user";
  if (text === "null") return 'must be an origin: "null" is what sandboxed pages of any site send';
  const url = parseUrl(text);
  if (url === null || url.origin === "null") return 'expected an origin such as "https://spa.example.com"';
  if (url.origin !== text) return `must be an origin and nothing more: write ${JSON.stringify(url.origin)}`;
  return isSafeScheme(url) ? null : "must be https (http is accepted for localhost, 127.0.0.1 and [::1] only)";
}

/** What is wrong with an upstream's target, or null. */
export function refuseTarget(text: string): string | null {
  const url = parseUrl(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return 'expected scheme, host and port of a service, such as "http://orders-1:8080"';
  }
  if (url.username !== "" || url.password !== "") return "must not hold a user name or a password";
  if (url.origin === text) return null;
  return `must be an origin and nothing more, since requests keep their own path: write ${JSON.stringify(url.origin)}`;
}

/** What is wrong with the Host that is sent to an upstream, besides the words that stand for one; or null. */
export function refuseUpstreamHost(text: string): string | null {
  if (text === "client" || text === "target") return null;
  const url = parseUrl(`http://${text}`);
  // What the parser leaves as it is, default port aside, is a host and nothing more.
  const isHost = url !== null && (url.host === text || `${url.hostname}:80` === text);
  return isHost ? null : 'must be "client", "target", or a host name in lower case with or without a port';
}

/** What is wrong with the name that a certificate must be for, or null. */
export const refuseTlsName = (text: string): string | null =>
  refuseUpstreamHost(text) === null && !text.includes(":") && !z.ipv4().safeParse(text).success
    ? null
    : "must be a host name in lower case without a port";

/** A CIDR block; a single address becomes one. */
export function readCidr(text: string): string | null {
  if (z.ipv4().safeParse(text).success) return `${text}/32`;
  if (z.ipv6().safeParse(text).success) return `${text}/128`;
  return z.cidrv4().safeParse(text).success || z.cidrv6().safeParse(text).success ? text : null;
}

/** `host:port`, with an IPv6 address in brackets; port 0 is any free one. */
export function readListen(text: string): ListenAddress | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return null;
  if (match[1] !== undefined && !z.ipv6().safeParse(match[1]).success) return null;
  const host = match[1] ?? match[2];
  return host === undefined ? null : { host, port };
}

/** `sqlite:FILE`, `redis://…` or `rediss://…`. */
export function readStore(text: string): StoreAddress | null {
  if (text.startsWith("sqlite:")) {
    const file = text.slice("sqlite:".length).replace(/^\/\/(?=\/)/, "");
    return file === "" || file.startsWith("//") ? null : { kind: "sqlite", file };
  }
  const url = parseUrl(text);
  if (url === null || url.hostname === "") return null;
  return url.protocol === "redis:" || url.protocol === "rediss:" ? { kind: "redis", url: text } : null;
}

/** A store's address as it may be shown: without its password. */
export function showStore(store: StoreAddress): string {
  if (store.kind === "sqlite") return `sqlite:${store.file}`;
  const url = new URL(store.url);
  if (url.password !== "") url.password = "***";
  return url.href;
}
