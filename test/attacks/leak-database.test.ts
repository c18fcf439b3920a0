// A backup of the database has leaked, with its write-ahead log; POSTERN_SECRET has not. The attacker reads every table and
// column, and the raw bytes. No token, password or secret that was ever given out stands there, and out of what does stand
// there no refresh token, access token or signing key can be made.
// docs/sessions.md; SECURITY: RT12.
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { importJWK, SignJWT } from "jose";
import { expect, test } from "vitest";
import { ALICE, BOB } from "../support/people.ts";
import { attackedGateway, loggedIn } from "./attacked-gateway.ts";
import { cookieOf, grantRefresh, loginInBody, partsOf, REFRESH_COOKIE, told } from "./shown-token.ts";

const SECRET = "a secret that only the gateway's environment holds";
const subject = await attackedGateway({}, SECRET);
const { store } = subject.config;
if (store.kind !== "sqlite") throw new Error("this attack is on the embedded store");
const { file } = store;

const rawBytes = (): string => ["", "-wal"].map((suffix) => readFileSync(file + suffix, "latin1")).join("");

/** Every text in every column of every table. */
function everyText(): readonly string[] {
  const leaked = new DatabaseSync(file, { readOnly: true });
  try {
    const tables = leaked.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    return tables.flatMap(({ name }) =>
      leaked
        .prepare(`SELECT * FROM "${name}"`)
        .all()
        .flatMap((row) => Object.values(row).filter((value) => typeof value === "string")),
    );
  } finally {
    leaked.close();
  }
}

test("nothing that was given out stands in the file or its write-ahead log", async () => {
  const { browser } = await loggedIn(subject);
  const native = subject.browser();
  const issued = [cookieOf(browser), browser.accessToken ?? "", await loginInBody(native), native.accessToken ?? ""];
  await subject.advance(subject.grace);
  await browser.refresh();
  await grantRefresh(native, issued[2] ?? "");
  issued.push(cookieOf(browser), browser.accessToken ?? "", native.accessToken ?? "");
  await subject.addUser(BOB);
  await browser.login(ALICE.name, "a wrong password that was typed");
  const client = await subject.admin("/clients", { json: { name: "reports", scopes: ["orders:read"] } });
  const { secret } = (await client.json()) as { secret: string };
  await browser.logout();

  const randomParts = issued.filter((token) => token.startsWith("prt1.")).map((token) => partsOf(token).r);
  const macs = issued.map((token) => token.slice(token.lastIndexOf(".") + 1));
  const passwords = [ALICE.password, BOB.password, "a wrong password that was typed"];
  const bytes = rawBytes();
  expect(bytes).toContain(subject.alice);
  expect(secret.length).toBeGreaterThanOrEqual(32);
  for (const given of [...issued, ...randomParts, ...macs, ...passwords, secret, SECRET]) {
    expect(given.length).toBeGreaterThan(8);
    expect(bytes.includes(given)).toBe(false);
  }
});

test("no refresh token can be made of what stands there", async () => {
  const { browser, sid } = await loggedIn(subject);
  const real = cookieOf(browser);
  const secretId = real.split(".")[2] ?? "";
  const texts = everyText();
  const head = (r: string): string => ["prt1", "c", secretId, subject.alice, sid, 0, r].join(".");
  const attacker = subject.browser();
  const randomParts = texts.filter((text) => /^[A-Za-z0-9_-]{22,43}$/.test(text)).map((text) => text.slice(0, 22));
  expect(randomParts.length).toBeGreaterThan(0);
  // Every text of the database as the key of the mac, with every one that could be the random part.
  const mac = (key: string, r: string): string => createHmac("sha256", key).update(head(r)).digest("base64url");
  for (const r of new Set(randomParts)) {
    for (const key of new Set(texts)) {
      if (`${head(r)}.${mac(key, r)}` === real) throw new Error("a real token has been made");
    }
    attacker.cookies.set(REFRESH_COOKIE, `${head(r)}.${mac(texts[0] ?? "", r)}`);
    expect(told(await attacker.refresh())).toEqual([401, "refresh_invalid"]);
  }
  // What the store keeps of the random part, as it stands.
  const hash = texts.find((text) => text.length === 43 && randomParts.includes(text.slice(0, 22))) ?? "";
  attacker.cookies.set(REFRESH_COOKIE, `${head(partsOf(real).r)}.${hash}`);
  expect(told(await attacker.refresh())).toEqual([401, "refresh_invalid"]);
  expect((await browser.refresh()).status).toBe(200);
});

test("no signing key stands there in the clear, and its public half signs nothing", async () => {
  const { browser } = await loggedIn(subject);
  const jwks = (await browser.fetch("/.well-known/jwks.json")).json<{ keys: { kid: string; x: string }[] }>();
  const texts = everyText();
  const stored = texts.filter((text) => jwks.keys.some(({ x }) => text.includes(x)));
  expect(stored.length).toBeGreaterThan(0);
  for (const text of texts) expect(text).not.toMatch(/"d"\s*:|PRIVATE KEY/);
  for (const text of stored) {
    await expect(
      new SignJWT({}).setProtectedHeader({ alg: "ES256" }).sign(await importJWK(JSON.parse(text), "ES256")),
    ).rejects.toThrow();
  }
  const [, payload = ""] = (browser.accessToken ?? "").split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  for (const text of new Set(texts)) {
    for (const kid of jwks.keys.map((key) => key.kid)) {
      const header = { alg: "HS256", typ: "at+jwt", kid };
      const forged = await new SignJWT(claims)
        .setProtectedHeader(header)
        .sign(new TextEncoder().encode(text.padEnd(32)));
      const headers = { authorization: `Bearer ${forged}` };
      expect(told(await subject.browser().fetch("/api/orders", { headers }))).toEqual([401, "token_invalid"]);
    }
  }
});

test("a password hash is argon2id, and is no password", async () => {
  const hash = everyText().find((text) => text.startsWith("$argon2id$")) ?? "";
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{22,}\$[A-Za-z0-9+/]{43}$/);
  expect(told(await subject.browser().login(ALICE.name, hash))).toEqual([401, "invalid_credentials"]);
});
