import { hashSecret, newClientSecret } from "../../accounts/client-secret.ts";
import type { Passwords } from "../../accounts/passwords.ts";
import type { Config } from "../../config/config.ts";
import { refuseScope } from "../../config/names.ts";
import { newId } from "../../lib/ids.ts";
import type { RefreshToken } from "../../sessions/refresh-token.ts";
import type { Origin, Store } from "../../stores/store.ts";
import { type Administration, AdministrationError } from "./administration.ts";
import { administerRevocations } from "./revocation-administration.ts";
import { administerUsers, findUser, invalid } from "./user-administration.ts";
import { auditView, clientView, keyViews, nodeView } from "./views.ts";

export interface AdministrationDependencies {
  readonly store: Store;
  readonly config: Pick<Config, "issuer" | "passwords" | "roles" | "clients">;
  readonly passwords: Pick<Passwords, "hash">;
  /** Reads a refresh token whose mac is right; null otherwise. */
  readonly decodeRefresh: (text: string) => Promise<RefreshToken | null>;
  /** Adds a signing key now. */
  readonly rotateKeys: () => Promise<void>;
  /** Called after every act that may have published a revocation: applies it to this gateway's own view, if there is one. */
  readonly published: () => Promise<void>;
  /** Resolves after so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

const MAX_CLIENT_NAME = 100;

/** The acts of an operator on a store, audited as `origin`'s. */
export function createAdministration(dependencies: AdministrationDependencies, origin: Origin): Administration {
  const { store, config, rotateKeys, published } = dependencies;

  async function storedClient(clientId: string): Promise<void> {
    if (Object.hasOwn(config.clients, clientId)) {
      const detail = `The client ${JSON.stringify(clientId)} stands in the configuration: change it there`;
      throw new AdministrationError({ code: "conflict", detail });
    }
    if ((await store.clientById({ clientId })) === null) throw noSuchClient(clientId);
  }

  const keys = async () => {
    const stored = await store.keys({});
    return { keys: keyViews(stored.keys, stored.now) };
  };

  return {
    ...administerUsers(dependencies, origin),
    ...administerRevocations(dependencies, origin),

    async nodes() {
      return { nodes: (await store.nodes({})).nodes.map(nodeView) };
    },

    async audit({ after, limit, user }) {
      // A deleted user's records are still found by id.
      const sub = user === null || user.startsWith("u_") ? user : (await findUser(dependencies, user)).id;
      const records = await store.listAudit({ after, limit, sub });
      return { records: records.map(auditView), next: records.at(-1)?.id ?? after };
    },

    async clients() {
      const configured = Object.entries(config.clients).map(([id, { scopes }]) => {
        return { id, name: id, scopes, source: "configuration" as const, createdAt: null };
      });
      return { clients: [...configured, ...(await store.listClients({})).map(clientView)] };
    },

    async createClient({ name, scopes }) {
      if (name.trim() === "" || name.length > MAX_CLIENT_NAME || /\p{C}/u.test(name)) {
        throw invalid("name", `1 to ${MAX_CLIENT_NAME} visible characters`);
      }
      if (scopes.some((scope) => refuseScope(scope) !== null)) {
        throw invalid("scopes", "scopes of RFC 6749 §3.3, without spaces");
      }
      const secret = newClientSecret();
      const fields = { id: newId("c"), name, secretHash: await hashSecret(secret), scopes: [...new Set(scopes)] };
      return { ...clientView(await store.createClient({ client: fields, origin })), secret };
    },

    async rotateClientSecret(id) {
      await storedClient(id);
      const secret = newClientSecret();
      const done = await store.rotateClientSecret({ clientId: id, secretHash: await hashSecret(secret), origin });
      if (!done) throw noSuchClient(id);
      return { id, secret };
    },

    async removeClient(id) {
      await storedClient(id);
      if (!(await store.removeClient({ clientId: id, origin }))) throw noSuchClient(id);
      await published();
    },

    keys,

    async rotateKeys() {
      await rotateKeys();
      return keys();
    },
  };
}

const noSuchClient = (id: string) =>
  new AdministrationError({ code: "not_found", detail: `There is no client ${JSON.stringify(id)}` });
