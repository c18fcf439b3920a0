import { createSecureContext } from "node:tls";
import type { ListenerTls } from "../../config/config.ts";
import type { NamedFiles } from "./named-files.ts";

/** The listener's certificate and key, read from the files that name them. */
export async function readListenerTls(named: ListenerTls | null, files: NamedFiles): Promise<ListenerTls | null> {
  if (named === null) return null;
  const before = files.problems.length;
  const cert = await files.read(["tls", "cert"], named.cert);
  const key = await files.read(["tls", "key"], named.key);
  if (files.problems.length === before) files.attempt(["tls"], createSecureContext, { cert, key });
  return { cert, key };
}
