import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { Config } from "../../config/config.ts";
import type { Path } from "../../config/problems.ts";
import { isPem } from "../../config/schema-upstreams.ts";
import type { UpstreamTls } from "../../proxy/upstream.ts";
import type { NamedFiles } from "./named-files.ts";

type Upstreams = Config["upstreams"];

/** Node passes over authorities that it cannot read, and without any no target would be believed. */
function checkAuthorities(pem: string): void {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error("it holds no certificate");
  for (const block of blocks) new X509Certificate(block);
}

/** Upstreams with what their `tls` files hold in the place of their names. */
export async function readUpstreamTls(upstreams: Upstreams, files: NamedFiles): Promise<Upstreams> {
  const pem = async (at: Path, value: string): Promise<string> => (isPem(value) ? value : files.read(at, value));

  async function read(name: string, { ca, client, serverName }: UpstreamTls): Promise<UpstreamTls> {
    const at = ["upstreams", name, "tls"];
    const before = files.problems.length;
    const result = {
      serverName,
      ca: ca === null ? null : await pem([...at, "ca"], ca),
      client: client && { cert: await pem([...at, "cert"], client.cert), key: await pem([...at, "key"], client.key) },
    };
    if (files.problems.length > before) return result;
    if (result.ca !== null) files.attempt([...at, "ca"], checkAuthorities, result.ca);
    if (result.client !== null) files.attempt([...at, "cert"], createSecureContext, result.client);
    return result;
  }

  const entries: [string, Upstreams[string]][] = [];
  for (const [name, upstream] of Object.entries(upstreams)) {
    entries.push([name, upstream.tls === null ? upstream : { ...upstream, tls: await read(name, upstream.tls) }]);
  }
  return Object.fromEntries(entries);
}
