// No attack but the outage that looks like one: keys rotate while two gateways on one store serve, each seeing tokens of a key
// that the other began to use. A single good token refused is a person logged out. And a key that signs before anybody could
// know it would be refused by every service that checks tokens by itself.
// SECURITY: AT18 (RFC 8725, ASVS 13.3.4).
import { afterAll, expect, test } from "vitest";
import { startDemoUpstream } from "../support/demo-upstream.ts";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { readToken } from "./forge.ts";
import { publishedKids } from "./planted-key.ts";

const ROTATIONS = 3;

const upstream = await startDemoUpstream();
const config = {
  ...{ roles: ROLES, upstreams: { orders: { targets: [upstream.url] } } },
  routes: [{ path: "/api/*", upstream: "orders", access: "required" }],
  tokens: { keys: { publishAhead: "1s" }, refresh: { grace: "1s" } },
};
const first = await startGateway(config);
const second = await startGateway({ ...config, issuer: first.issuer, audience: first.issuer }, { like: first });
const gateways = [first, second];
await first.addUser(ALICE.name, ALICE.password, ["user"]);
const ended = new AbortController();
afterAll(() => ended.abort());

/** Kids that tokens have named, in the order in which they came. */
const seen: string[] = [];
const refused: string[] = [];
const tokens: string[] = [];
let calls = 0;

async function call(gateway: GatewayProcess, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await new Browser(gateway.url).fetch("/api/orders", { headers });
  calls++;
  if (answer.status !== 200) refused.push(`${answer.status} ${answer.text} for ${readToken(token).header.kid}`);
}

/** Renews at one gateway, after noting which keys each of them publishes, and shows the token to the other and then to both. */
async function renewForEver(at: GatewayProcess, other: GatewayProcess): Promise<void> {
  const browser = new Browser(at.url);
  const login = await browser.login(ALICE.name, ALICE.password);
  if (login.status !== 200) throw new Error(login.text);
  while (!ended.signal.aborted) {
    const sets = await Promise.all(
      gateways.map((gateway) => publishedKids({ browser: () => new Browser(gateway.url) })),
    );
    const answer = await browser.refresh();
    if (answer.status !== 200) refused.push(`refresh: ${answer.status} ${answer.text}`);
    const token = browser.accessToken ?? "";
    const kid = String(readToken(token).header.kid);
    if (!sets.every((set) => set.includes(kid))) refused.push(`${kid} signs and was not published everywhere`);
    if (!seen.includes(kid)) {
      seen.push(kid);
      tokens.push(token);
    }
    await call(other, token);
    await Promise.all(gateways.map((gateway) => call(gateway, token)));
  }
}

/** The first token of every key, over and over: all of them are still good. */
async function useOldTokens(): Promise<void> {
  while (!ended.signal.aborted) {
    for (const token of tokens) for (const gateway of gateways) await call(gateway, token);
    await new Promise(setImmediate);
  }
}

const moreKeysThan = async (count: number): Promise<void> => {
  while (seen.length <= count) await new Promise(setImmediate);
};

async function rotate(): Promise<void> {
  const known = seen.length;
  const headers = { authorization: `Bearer ${first.adminToken}` };
  const answer = await new Browser(first.operationsUrl).fetch("/admin/keys/rotate", { method: "POST", headers });
  if (answer.status !== 200) throw new Error(answer.text);
  await moreKeysThan(known);
}

test(`${ROTATIONS} rotations under load: no good token is refused, no key signs before it is published`, async () => {
  const load = [renewForEver(first, second), renewForEver(second, first), useOldTokens()];
  const failed = Promise.race(load).then(() => {
    throw new Error("the load ended by itself");
  });
  const rotations = (async () => {
    await moreKeysThan(0);
    for (let time = 0; time < ROTATIONS; time++) await rotate();
  })();
  await Promise.race([rotations, failed]);
  ended.abort();
  failed.catch(() => {});
  await Promise.all(load);

  expect(refused).toEqual([]);
  expect(calls).toBeGreaterThan(ROTATIONS * 10);
  expect(seen).toHaveLength(ROTATIONS + 1);
  for (const gateway of gateways) {
    expect(await publishedKids({ browser: () => new Browser(gateway.url) })).toEqual(expect.arrayContaining(seen));
    for (const token of tokens) await call(gateway, token);
  }
  expect(refused).toEqual([]);
});
