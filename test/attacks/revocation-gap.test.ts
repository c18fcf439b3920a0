// The attacker keeps a revoked token until the revocation has been cleared away, and shows it in the time that it has left. An
// entry lives as long as any token that it names, tidying up included, so that there is no such time.
// SECURITY: RV6.
import { expect, test } from "vitest";
import { type AttackedGateway, attackedGateway } from "./attacked-gateway.ts";
import { readToken } from "./forge.ts";
import { expectRefused, freshToken } from "./shown-access-token.ts";

const subject: AttackedGateway = await attackedGateway();

const sweep = async (): Promise<void> => {
  const { keep: auditKeep, max: auditMax } = subject.config.audit;
  while ((await subject.store.sweep({ auditKeep, auditMax, batch: 500 })).more);
};
const entries = async (): Promise<number> =>
  (await subject.store.readFeed({ after: null, limit: 1000 })).entries.length;

test.each<[string, (token: string) => Readonly<Record<string, unknown>>]>([
  ["token", (token) => ({ jti: readToken(token).claims.jti })],
  ["session", (token) => ({ session: readToken(token).claims.sid })],
  ["user", () => ({ user: "alice" })],
  ["client", () => ({ client: "postern" })],
  ["everything", () => ({ all: true })],
])("revoked by %s: refused until its last second, and kept for gateways that start later", async (_, target) => {
  const token = await freshToken(subject);
  const ends = Number(readToken(token).claims.exp) * 1000;
  const before = await entries();
  expect((await subject.admin("/revocations", { json: { target: target(token) } })).status).toBe(200);
  expect(await entries()).toBe(before + 1);
  // Steps in which each entry could be cleared away too soon.
  for (const left of [120_000, 30_000, 10_000, 5_000]) {
    await subject.advance(ends - left - subject.now());
    await sweep();
    await expectRefused(subject, token, "token_revoked", `${left} ms before its end`);
    expect(await entries()).toBeGreaterThan(0);
  }
  await subject.advance(ends - subject.now());
  await expectRefused(subject, token, "token_expired");
});

test("then it is cleared away: the list does not grow for ever", async () => {
  await subject.advance(24 * 3_600_000);
  await sweep();
  expect(await entries()).toBe(0);
});
