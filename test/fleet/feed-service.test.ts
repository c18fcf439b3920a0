// A service that follows the revocations of two gateways in turn while their Redis loses everything (FLUSHALL): it never takes a token
// that was revoked, says that it knows nothing rather than that all is well, and then refuses what the gateways refuse.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  AccessTokenRefused,
  createVerifier,
  type FollowedRevocations,
  followRevocations,
} from "../../src/verifier/index.ts";
import { type GatewayPair, startPairOn } from "../processes/gateway-pair.ts";
import type { Browser } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import { REDIS_SERVER, type RedisServer, startRedis } from "../support/redis-server.ts";
import { serviceClient } from "../support/service-client.ts";
import { waitUntil } from "../support/wait-until.ts";
import { answers, logIn } from "./feed-observers.ts";

const FOLLOWER = serviceClient(["postern:revocations"]);

describe.skipIf(REDIS_SERVER === null)("a service behind two gateways", () => {
  let redis: RedisServer;
  let pair: GatewayPair;
  let revocations: FollowedRevocations;
  let verdict: (browser: Browser) => Promise<string>;
  /** Which gateway the service comes to when it connects. */
  let leadsTo: string;

  beforeAll(async () => {
    redis = await startRedis();
    pair = await startPairOn({ kind: "redis", url: redis.url }, { config: { clients: FOLLOWER.config } });
    await pair.a.addUser(ALICE.name, ALICE.password, ["user"]);
    leadsTo = pair.a.url;
    const { issuer } = pair.a;
    revocations = followRevocations({
      ...{ issuer, clientId: FOLLOWER.id, clientSecret: FOLLOWER.secret },
      fetch: (_url, init) => fetch(`${leadsTo}/auth/revocations`, init),
    });
    await revocations.ready;
    const verifier = createVerifier({
      ...{ issuer, audience: "orders", jwksUri: `${pair.b.url}/.well-known/jwks.json` },
      accessTokens: { revocations },
    });
    verdict = ({ accessToken }) =>
      verifier.verifyAccessToken(String(accessToken)).then(
        () => "accepted",
        (error: unknown) => (error instanceof AccessTokenRefused ? error.code : String(error)),
      );
  });
  afterAll(() => revocations.stop());

  const becomes = (browser: Browser, wanted: string): Promise<void> =>
    waitUntil(
      () => `the service does not say "${wanted}" of the token`,
      async () => (await verdict(browser)) === wanted,
    );

  test("revoked at either gateway, refused at the service", async () => {
    for (const gateway of [pair.a, pair.b]) {
      const browser = await logIn(gateway, ALICE);
      expect(await verdict(browser)).toBe("accepted");
      expect((await browser.logout()).status).toBe(204);
      await becomes(browser, "revoked");
    }
  });

  test("goes on at the other gateway where the first has gone", async () => {
    const browser = await logIn(pair.b, ALICE);
    const size = revocations.size;
    leadsTo = pair.b.url;
    await pair.a.stop();
    expect((await browser.logout()).status).toBe(204);
    await becomes(browser, "revoked");
    expect(revocations.size).toBe(size + 1);
  });

  test("the store wiped: nothing that was revoked passes at any moment, and nothing of before afterwards", async () => {
    const [kept, revoked] = [await logIn(pair.b, ALICE), await logIn(pair.b, ALICE)];
    expect((await revoked.logout()).status).toBe(204);
    await becomes(revoked, "revoked");
    let over = false;
    const seen = new Set<string>();
    const probing = (async () => {
      while (!over) {
        seen.add(await verdict(revoked));
        // A verdict on a token that is known waits for nothing: let others have a turn.
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await redis.command("FLUSHALL");
    await answers(pair.b, kept, 401);
    await becomes(kept, "revoked");
    over = true;
    await probing;
    expect([...seen].filter((said) => said !== "revoked" && said !== "stale")).toEqual([]);
  });
});
