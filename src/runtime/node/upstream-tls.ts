import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createSecureContext } from "node:tls";
import type { Config } from "../../config/config.ts";
import { type ConfigProblem, type Path, problem } from "../../config/problems.ts";
import { isPem } from "../../config/schema-upstreams.ts";
import type { UpstreamTls } from "../../proxy/upstream.ts";

type Upstreams = Config["upstreams"];

/** Upstreams with what their `tls` files hold in the place of their names, and everything that is wrong with them. */
export interface ReadTls {
  readonly upstreams: Upstreams;
  readonly problems: readonly ConfigProblem[];
  /** What has been read, or could not be. */
  readonly files: readonly string[];
}

/** Node passes over authorities that it cannot read, and without any no target would be believed. */
function checkAuthorities(pem: string): void {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error("it holds no certificate");
  for (const block of blocks) new X509Certificate(block);
}

/** A relative name is meant from `folder`. */
export async function readUpstreamTls(upstreams: Upstreams, folder: string): Promise<ReadTls> {
  const problems: ConfigProblem[] = [];
  const files = new Set<string>();

  async function pem(at: Path, value: string): Promise<string> {
    if (isPem(value)) return value;
    const file = resolve(folder, value);
    files.add(file);
    const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      const why = error.code === "ENOENT" ? "there is no such file" : `it cannot be read (${error.code})`;
      problems.push(problem(at, `${JSON.stringify(value)}: ${why}`));
      return null;
    });
    if (text === null) return "";
    return text;
  }

  async function read(name: string, { ca, client, serverName }: UpstreamTls): Promise<UpstreamTls> {
    const at = ["upstreams", name, "tls"];
    const before = problems.length;
    const result = {
      serverName,
      ca: ca === null ? null : await pem([...at, "ca"], ca),
      client: client && { cert: await pem([...at, "cert"], client.cert), key: await pem([...at, "key"], client.key) },
    };
    if (problems.length > before) return result;
    if (result.ca !== null) attempt([...at, "ca"], checkAuthorities, result.ca);
    if (result.client !== null) attempt([...at, "cert"], createSecureContext, result.client);
    return result;
  }

  function attempt<T>(at: Path, use: (value: T) => unknown, value: T): void {
    try {
      use(value);
    } catch (error) {
      // OpenSSL's message names the step, and nothing of the key.
      const why = error instanceof Error ? error.message : String(error);
      problems.push(problem(at, `cannot be used: ${why}`));
    }
  }

  const entries: [string, Upstreams[string]][] = [];
  for (const [name, upstream] of Object.entries(upstreams)) {
    entries.push([name, upstream.tls === null ? upstream : { ...upstream, tls: await read(name, upstream.tls) }]);
  }
  return { upstreams: Object.fromEntries(entries), problems, files: [...files] };
}
