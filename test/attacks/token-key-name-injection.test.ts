// The attacker writes into `kid` what a careless gateway puts into a path, a query or an object: `../../dev/null` with an empty
// secret, a SQL fragment that answers with a key of the attacker's, `__proto__`, a hundred kilobytes.
// SECURITY: AT13 (RFC 8725 §3.10, the playbook of jwt_tool).
import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { compact, forgingGateway, readToken } from "./forge.ts";
import { expectAccepted, expectRefused, freshToken, showToken } from "./shown-access-token.ts";

const { subject, forge } = await forgingGateway();
const token = await freshToken(subject);
const { header, claims } = readToken(token);

test("what the gateway's own key signs is accepted", () => expectAccepted(subject, forge.like(token)));

test.each([
  "../../../../../../dev/null",
  "/dev/null",
  "file:///dev/null",
  "..\\..\\windows\\win.ini",
  "' OR '1'='1",
  "' UNION SELECT 'AA' --",
  "'; DROP TABLE signing_keys; --",
  "|/bin/sleep 10",
  "$(id)",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "",
  " ",
  "*",
  "null",
  "undefined",
  `${forge.kid} `,
  `${forge.kid}\u0000`,
  `${forge.kid}\n`,
  forge.kid.slice(0, -1),
  `${forge.kid}/../${forge.kid}`,
  "ключ",
  "k".repeat(4000),
  0,
  -1,
  true,
  null,
  undefined,
  [forge.kid],
  { kid: forge.kid },
])("kid %j", async (kid) => {
  await expectRefused(subject, forge.like(token, { header: { kid } }));
  for (const secret of ["", "\0", "null"]) {
    const mac = (input: Buffer) => createHmac("sha256", secret).update(input).digest();
    await expectRefused(subject, compact({ ...header, alg: "HS256", kid }, claims, mac));
  }
});

test("a kid of a hundred kilobytes is not read to its end", async () => {
  expect((await showToken(subject, forge.like(token, { header: { kid: "k".repeat(100_000) } }))).status).toBe(431);
});

test("the keys are where they were, and nothing was an error inside the gateway", async () => {
  expect((await subject.store.keys({})).keys.map(({ kid }) => kid)).toEqual([forge.kid]);
  expect((await subject.observed()).filter(({ kind }) => kind === "internal_error")).toEqual([]);
  await expectAccepted(subject, token);
});
