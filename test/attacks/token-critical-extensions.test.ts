// The attacker uses what the JOSE standards allow to be said in a header, to be understood by nobody or only half: `crit`, an
// unencoded payload (`b64`), compression (`zip`), a nested token (`cty`). A token of ours says none of it.
// SECURITY: AT4 (RFC 7515 §4.1.11, RFC 7797).
import { expect, test } from "vitest";
import { forgingGateway, readToken } from "./forge.ts";
import { expectAccepted, expectRefused, freshToken } from "./shown-access-token.ts";

const { subject, forge } = await forgingGateway();
const token = await freshToken(subject);

test("what the gateway's own key signs is accepted", () => expectAccepted(subject, forge.like(token)));

test.each<Readonly<Record<string, unknown>>>([
  { crit: ["exp"], exp: 4_102_444_800 },
  { crit: ["http://example.com/unknown"], "http://example.com/unknown": true },
  { crit: ["alg"] },
  { crit: [] },
  { crit: null },
  { crit: "b64" },
  { crit: ["b64"], b64: false },
  { crit: ["b64"], b64: true },
  { b64: false },
  { b64: true },
  { zip: "DEF" },
  { cty: "JWT" },
  { enc: "A256GCM" },
  { nonce: "x" },
  { "": 1 },
])("a header with %j", async (header) => {
  await expectRefused(subject, forge.like(token, { header }));
});

test("a payload that is not encoded", async () => {
  const { header, claims } = readToken(token);
  const signed = forge.sign({ ...header, b64: false, crit: ["b64"] }, claims);
  const [head = "", , signature = ""] = signed.split(".");
  await expectRefused(subject, `${head}..${signature}`);
  // A payload kept apart (RFC 7515 appendix F), with the right header.
  const [ownHead = "", , ownSignature = ""] = token.split(".");
  await expectRefused(subject, `${ownHead}..${ownSignature}`);
  expect(subject.upstream.requests.length).toBe(1);
});
