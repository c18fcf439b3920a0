// An attacker tries one common password on every account. No account sees many failures, so the address counts too: with all the
// addresses of one household's IPv6 network as one, in one spelling, and as trusted proxies tell it, whatever the attacker writes
// into X-Forwarded-For.
// SECURITY: PW10 (CVE-2026-45364).
import { beforeEach, expect, test } from "vitest";
import { ALICE } from "../support/people.ts";
import { attackedGateway } from "./attacked-gateway.ts";
import { told } from "./shown-token.ts";

const LIMIT = 5;
const limits = { login: { limits: { perAddress: { attempts: LIMIT } } } };
const behind = await attackedGateway({ ...limits, trustedProxies: ["127.0.0.1/32", "10.0.0.0/8"] });
const direct = await attackedGateway(limits);

let name = 0;
/** A login to an account that nobody has tried yet. */
async function spray(forwarded: string, gateway = behind): Promise<number> {
  const answer = await gateway.browser({ "x-forwarded-for": forwarded }).login(`user${++name}`, "Summer2026!Summer");
  if (answer.status === 429) expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
  return answer.status;
}

const isIn = async (forwarded: string): Promise<boolean> => {
  const answer = await behind.browser({ "x-forwarded-for": forwarded }).login(ALICE.name, ALICE.password);
  if (answer.status !== 200) expect(told(answer)).toEqual([429, "rate_limited"]);
  return answer.status === 200;
};

beforeEach(async () => {
  await behind.advance(60 * 60_000);
  await direct.advance(60 * 60_000);
});

test("an address has its limit over all accounts", async () => {
  for (let time = 0; time < LIMIT; time++) expect(await spray("192.0.2.7")).toBe(401);
  expect(await spray("192.0.2.7")).toBe(429);
  expect(await isIn("192.0.2.7")).toBe(false);
  expect(await isIn("192.0.2.8")).toBe(true);
});

test("three hundred addresses of one IPv6 network are one", async () => {
  const statuses: number[] = [];
  for (let time = 0; time < 300; time++) {
    const [high, low] = [(time * 7919) & 0xffff, (time * 104_729) & 0xffff];
    statuses.push(await spray(`2001:db8:1:2:${high.toString(16)}:${low.toString(16)}:0:${time.toString(16)}`));
  }
  expect(statuses.filter((status) => status !== 429)).toEqual(Array.from({ length: LIMIT }, () => 401));
  expect(await isIn("2001:db8:1:2::1")).toBe(false);
  expect(await isIn("2001:db8:1:3::1")).toBe(true);
});

test.each([
  [
    "IPv6",
    ["2001:db8::1", "2001:DB8::1", "2001:0db8:0:0:0:0:0:1", "[2001:db8::1]:4711", "2001:db8::1%eth0", "2001:db8::2"],
  ],
  [
    "IPv4",
    ["192.0.2.9", "::ffff:192.0.2.9", "::FFFF:c000:209", "192.0.2.9:80", "[::ffff:192.0.2.9]:80", " 192.0.2.9 "],
  ],
])("however an %s address is written", async (_, spellings) => {
  for (const spelling of spellings.slice(0, LIMIT)) expect(await spray(spelling)).toBe(401);
  for (const spelling of spellings) expect(await spray(spelling)).toBe(429);
});

test("what the client wrote itself stands to the left of what the proxy saw, and does not count", async () => {
  for (let time = 0; time < LIMIT; time++) expect(await spray(`203.0.113.${time}, 192.0.2.10`)).toBe(401);
  for (const invented of ["203.0.113.99", "10.0.0.1", "127.0.0.1", "nonsense", "", "::1"]) {
    expect(await spray(`${invented}, 192.0.2.10`)).toBe(429);
    expect(await spray(`${invented}, 192.0.2.10, 10.1.2.3`)).toBe(429);
  }
});

test.each(["x-real-ip", "forwarded", "cf-connecting-ip", "true-client-ip", "x-client-ip", "x_forwarded_for"])(
  "from a peer that is no trusted proxy nothing counts of X-Forwarded-For, nor of %s",
  async (header) => {
    for (let time = 0; time < LIMIT; time++) expect(await spray(`203.0.113.${time}`, direct)).toBe(401);
    expect(await spray("203.0.113.99", direct)).toBe(429);
    const value = header === "forwarded" ? "for=203.0.113.50" : "203.0.113.50";
    const browser = direct.browser({ [header]: value });
    expect((await browser.login("somebody", "Summer2026!Summer")).status).toBe(429);
  },
);
