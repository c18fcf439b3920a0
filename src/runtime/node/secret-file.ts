import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { Config, Secrets } from "../../config/config.ts";
import { ConfigError } from "../../config/config-error.ts";
import { type EnvironmentValues, MAKE_SECRET, withSecret } from "../../config/environment.ts";
import { problem } from "../../config/problems.ts";

export interface ResolvedSecrets {
  readonly secrets: Secrets;
  /** What somebody who starts a gateway should be told, or null. */
  readonly notice: string | null;
}

const MIN_BYTES = 32;

/**
 * The secrets to work with. Where the environment has none, the embedded store keeps one beside its database; a shared store
 * needs one that every gateway is given. Rejects with ConfigError.
 */
export async function resolveSecrets(config: Config, environment: EnvironmentValues): Promise<ResolvedSecrets> {
  if (environment.secret !== null) return { secrets: withSecret(environment, environment.secret), notice: null };
  if (config.store.kind === "redis") {
    const text = `is required: gateways that share a store need the same one; ${MAKE_SECRET}`;
    throw new ConfigError("The environment", [problem(["POSTERN_SECRET"], text)]);
  }
  const file = `${config.store.file}.secret`;
  try {
    const made = await makeSecretFile(file);
    return { secrets: withSecret(environment, await readSecretFile(file)), notice: made ?? (await modeNotice(file)) };
  } catch (error) {
    if (error instanceof ConfigError || !(error instanceof Error)) throw error;
    const text = `is not set, and ${file}, where a secret is kept for the embedded store, cannot be used: ${error.message}`;
    throw new ConfigError("The environment", [problem(["POSTERN_SECRET"], text)]);
  }
}

/** Makes the file unless it exists; a notice when it did. Whole or not at all: of racing processes one wins, all read the same. */
async function makeSecretFile(file: string): Promise<string | null> {
  if (
    await stat(file).then(
      () => true,
      () => false,
    )
  )
    return null;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.${randomBytes(6).toString("hex")}`;
  const handle = await open(draft, "wx", 0o600);
  try {
    await handle.writeFile(`${randomBytes(32).toString("base64url")}\n`);
    await handle.sync();
    await link(draft, file);
    return `POSTERN_SECRET is not set: made a secret and kept it in ${file} (back it up with the database)`;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return null;
    throw error;
  } finally {
    await handle.close();
    await unlink(draft);
  }
}

async function readSecretFile(file: string): Promise<string> {
  const secret = (await readFile(file, "utf8")).trim();
  if (Buffer.byteLength(secret) >= MIN_BYTES) return secret;
  throw new Error(
    `it holds less than ${MIN_BYTES} bytes; restore it, or remove it and every session and signing key with it`,
  );
}

async function modeNotice(file: string): Promise<string | null> {
  const { mode } = await stat(file);
  return process.platform !== "win32" && (mode & 0o077) !== 0 ? `${file} can be read by others: chmod 600 it` : null;
}
