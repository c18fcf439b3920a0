import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Contender, Ground } from "../contender.ts";
import { ISSUER, USERS } from "../issuer.ts";
import { freePort, startListening } from "../processes.ts";

interface NodeServer {
  readonly name: string;
  readonly label: string;
  readonly missing?: string | null;
  /** Relative to bench/. */
  readonly file: string;
  /** Whether its requests carry a token that the ES256 issuer signed. */
  readonly authenticates: boolean;
  readonly env?: (ground: Ground) => Readonly<Record<string, string>>;
}

/** A contender that is a small Node program of our own. */
export const nodeServer = ({ name, label, missing = null, file, authenticates, env }: NodeServer): Contender => ({
  name,
  label,
  missing,
  async start(ground) {
    const port = await freePort();
    const { pid, stop } = await startListening(
      {
        name,
        command: process.execPath,
        args: [fileURLToPath(new URL(`../${file}`, import.meta.url))],
        env: {
          NODE_ENV: "production",
          PORT: String(port),
          UPSTREAM: String(ground.upstreamPort),
          ISSUER,
          PUBLIC_JWK: JSON.stringify(ground.es256.publicJwk),
          ...env?.(ground),
        },
        core: "contender",
        folder: ground.folder,
      },
      port,
    );
    return {
      pid,
      port,
      users: authenticates ? await ground.es256.tokens(USERS) : null,
      tokens: ground.es256.tokens,
      // The ones that answer a refresh take any token.
      sessions: async (count) => Array.from({ length: count }, () => randomBytes(100).toString("base64url")),
      stop,
    };
  },
});
