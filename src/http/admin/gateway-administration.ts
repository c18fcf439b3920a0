import { rotateKeys } from "../../keys/rotate.ts";
import { createSecretRing } from "../../keys/secrets.ts";
import type { Origin } from "../../stores/store.ts";
import type { Services } from "../services.ts";
import type { Administration } from "./administration.ts";
import { createAdministration } from "./store-administration.ts";

/** The acts of an operator through a running gateway: its own view and key ring know of each before it is answered. */
export function gatewayAdministration(services: Services, origin: Origin): Administration {
  const { config, store, passwords, refreshTokens, keyRing, secrets } = services;
  const { alg, ttl } = config.tokens.access;
  return createAdministration(
    {
      store,
      config,
      passwords,
      decodeRefresh: (text) => refreshTokens.decode(text),
      async rotateKeys() {
        const ring = await createSecretRing(secrets);
        await rotateKeys({ store, secrets: ring, alg, ...config.tokens.keys, accessTtl: ttl });
        await keyRing.refresh();
      },
      published: services.catchUp,
      pause: services.pause,
    },
    origin,
  );
}
