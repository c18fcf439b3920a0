import type { Store } from "../store.ts";

/** What ends access tokens or sessions because somebody asked for it. */
type Endings = Pick<
  Store,
  | "endSession"
  | "revoke"
  | "setPassword"
  | "setRoles"
  | "setDisabled"
  | "deleteUser"
  | "removeClient"
  | "restore"
  | "sealFeed"
>;

/**
 * A store whose endings are acknowledged when enough replicas have them. `sure`: the same store by a connection that waits for them.
 * Everything else goes on as before: a login or a refresh that a failover loses is made good by the next.
 */
export function replicatedEndings(store: Store, sure: Endings): Store {
  return {
    ...store,
    endSession: sure.endSession,
    revoke: sure.revoke,
    setPassword: sure.setPassword,
    setRoles: sure.setRoles,
    setDisabled: sure.setDisabled,
    deleteUser: sure.deleteUser,
    removeClient: sure.removeClient,
    restore: sure.restore,
    sealFeed: sure.sealFeed,
    async refreshSession(request) {
      const result = await store.refreshSession(request);
      // The refresh has ended the session; ending it again publishes it again, which changes nothing but that replicas have it.
      if (result.outcome === "theft" || result.outcome === "lost") {
        const { sub, sid } = request;
        await sure.endSession({ sub, sid, reason: result.outcome, origin: { actor: "postern", address: null } });
      }
      return result;
    },
  };
}
