import type { Config } from "../../config/config.ts";
import type { FollowedHistory } from "../../revocation/feed.ts";
import type { TokenFacts } from "../../revocation/view.ts";
import type { ObjectNamespace } from "./platform.ts";
import type { StoreAnswer, StoreCall, StoreObject } from "./store-object.ts";

/** Which Redis, and how it is asked. An object knows nothing of a configuration, so that each call says it. */
export interface RedisSettings {
  readonly url: string;
  /** Milliseconds that a call to Redis may take. */
  readonly timeout: number;
  readonly minReplicas: number;
}

export interface RedisCall extends StoreCall {
  readonly settings: RedisSettings;
  /** The history that the caller has read: Redis judges by no other. */
  readonly followed: FollowedHistory | null;
}

export interface RedisObject {
  call(call: RedisCall): Promise<StoreAnswer>;
  /** As StoreObject's. */
  judge(token: TokenFacts, settings: RedisSettings): Promise<StoreAnswer>;
}

export interface RedisObjectOptions {
  readonly namespace: ObjectNamespace<RedisObject>;
  readonly region: string;
  readonly url: string;
  readonly config: Pick<Config, "storeTimeout"> & { readonly revocation: Pick<Config["revocation"], "minReplicas"> };
}

/** The object that has the connections for a region, as an object that holds a store; `follows` goes with each call. */
export function redisObject({ namespace, region, url, config }: RedisObjectOptions) {
  const settings = { url, timeout: config.storeTimeout, minReplicas: config.revocation.minReplicas };
  let followed: FollowedHistory | null = null;
  return {
    object(): StoreObject {
      const stub = namespace.getByName(`redis-${region}`);
      return {
        call: (call) => stub.call({ ...call, settings, followed }),
        judge: (token) => stub.judge(token, settings),
      };
    },
    follows(history: FollowedHistory): void {
      followed = history;
    },
  };
}
