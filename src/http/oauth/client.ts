import { BUILT_IN_CLIENT } from "../../protocol/names.ts";
import type { Services } from "../services.ts";

/** Who calls an OAuth endpoint. */
export type OAuthClient =
  /** The built-in client that people log in through: it has no secret. */
  | { readonly kind: "public"; readonly id: string }
  | {
      readonly kind: "confidential";
      readonly id: string;
      readonly secretHash: string;
      readonly scopes: readonly string[];
    };

/** A client of the configuration, or one that was made by command; null when there is none. */
export async function findClient(services: Services, id: string): Promise<OAuthClient | null> {
  if (id === BUILT_IN_CLIENT) return { kind: "public", id };
  const { clients } = services.config;
  const configured = Object.hasOwn(clients, id) ? clients[id] : undefined;
  const client = configured ?? (await services.store.clientById({ clientId: id }));
  return client === null ? null : { kind: "confidential", id, secretHash: client.secretHash, scopes: client.scopes };
}
