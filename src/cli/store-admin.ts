import { setTimeout as pause } from "node:timers/promises";
import type { Administration } from "../http/admin/administration.ts";
import { createAdministration } from "../http/admin/store-administration.ts";
import { rotateKeys } from "../keys/rotate.ts";
import { createSecretRing } from "../keys/secrets.ts";
import { nodePasswords } from "../runtime/node/argon2.ts";
import type { LoadedConfig } from "../runtime/node/config-file.ts";
import { resolveSecrets } from "../runtime/node/secret-file.ts";
import { createRefreshTokens } from "../sessions/refresh-token-codec.ts";
import type { Store } from "../stores/store.ts";

/** The acts of an operator on the configured store. The secrets are looked up when an act needs them. */
export function storeAdministration(
  { config, environment }: LoadedConfig,
  store: Store,
  say: (notice: string) => void,
): Administration {
  const ring = async () => {
    const { secrets, notice } = await resolveSecrets(config, environment);
    if (notice !== null) say(notice);
    return createSecretRing(secrets);
  };
  const { access, keys } = config.tokens;
  return createAdministration(
    {
      store,
      config,
      passwords: nodePasswords(config.passwords),
      decodeRefresh: async (text) => createRefreshTokens(await ring()).decode(text),
      rotateKeys: async () => {
        await rotateKeys({ store, secrets: await ring(), alg: access.alg, accessTtl: access.ttl, ...keys });
      },
      // A command has no view of its own: running gateways follow the store.
      published: () => Promise.resolve(),
      pause: async (milliseconds) => {
        await pause(milliseconds);
      },
    },
    { actor: "cli", address: null },
  );
}
