// Somebody on the network offers the victim a plain http address of the site, or an operator forgets TLS: cookies and passwords
// would cross the wire in the clear. An issuer without https is refused at the start; behind an https issuer nothing that came
// over plain http gets or uses a cookie, and no API answers with a redirect that hides the leak.
// SECURITY: CK10 (RFC 6265bis, ASVS 4.1.2).
import { expect, test } from "vitest";
import { runGateway } from "../gateways/running-gateway.ts";
import { ALICE } from "../support/people.ts";
import { attackedProcess } from "./attacked-process.ts";
import { cookieOf, told } from "./shown-token.ts";

const MISDIRECTED = [421, "misdirected"];
const subject = await attackedProcess({ issuer: "https://shop.example", trustedProxies: ["127.0.0.1/32"] });
const overHttp = { "x-forwarded-proto": "http" };
const overHttps = { "x-forwarded-proto": "https" };

test.each(["http://shop.example", "http://127.0.0.1.example"])(
  "the issuer %s is refused at the start",
  async (issuer) => {
    await expect(runGateway({ issuer })).rejects.toThrow(/issuer.*must be https/s);
  },
);

test("over plain http nobody logs in, refreshes or logs out with a cookie", async () => {
  const alice = await subject.loggedIn(overHttps);
  const leaky = alice.copy(overHttp);
  const answers = [
    await subject.browser(overHttp).login(ALICE.name, ALICE.password),
    await leaky.refresh(),
    await leaky.fetch("/auth/logout", { method: "POST" }),
  ];
  for (const answer of answers) {
    expect(told(answer)).toEqual(MISDIRECTED);
    expect(answer.setCookies).toEqual([]);
    expect(answer.headers.location).toBeUndefined();
    expect(answer.text).not.toContain(cookieOf(alice));
  }
  expect((await alice.refresh()).status).toBe(200);
});

test("an API request over plain http is answered, never redirected", async () => {
  const alice = await subject.loggedIn(overHttps);
  for (const path of ["/api/orders", "/auth/me", "/nowhere"]) {
    const answer = await alice.copy(overHttp).api(path);
    expect(Math.floor(answer.status / 100)).not.toBe(3);
  }
});

test("the forwarded scheme is believed from a trusted proxy only", async () => {
  const alone = await attackedProcess({ issuer: "https://shop.example" });
  const answer = await alone.browser(overHttp).login(ALICE.name, ALICE.password);
  expect(answer.status).toBe(200);
  expect(answer.setCookies[0]).toContain("; Secure");
});
