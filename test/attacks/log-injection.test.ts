// The attacker writes lines into the log, or colours and commands into the terminal of whoever reads it, by sending line breaks
// and escape sequences as a name, a user agent, a path, a reason. Every line is one JSON document of the gateway's own, and what
// a command prints holds no control character.
// SECURITY: ER6 (ASVS 16.4.1).
import { expect, test } from "vitest";
import { runGateway } from "../gateways/running-gateway.ts";
import { startDemoUpstream } from "../support/demo-upstream.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { rawRequest } from "../support/raw-http.ts";

const FORGED = '{"level":30,"msg":"login","outcome":"forged"}';
const EVIL = `x\r\n${FORGED}\n\u001b[2J\u001b]0;owned\u0007\u0085\u2028\u009b31m`;

const upstream = await startDemoUpstream();
const gateway = await runGateway({
  ...{ roles: ROLES, log: { level: "debug", access: true }, upstreams: { orders: { targets: [upstream.url] } } },
  routes: [{ path: "/api/*", upstream: "orders", access: "required" }],
});
await gateway.addUser(ALICE.name, ALICE.password, ["user"]);

test("lines and escapes in everything that can be sent", async () => {
  const stranger = new Browser(gateway.url);
  const started = gateway.logs();
  await stranger.login(EVIL, EVIL);
  await stranger.fetch("/auth/login", { json: { username: ALICE.name, password: "x", [EVIL]: EVIL } });
  await stranger.refresh(EVIL);
  await stranger.fetch("/oauth/token", { form: { grant_type: EVIL, client_id: EVIL, client_secret: EVIL } });
  await stranger.fetch(`/api/${encodeURIComponent(EVIL)}?${encodeURIComponent(EVIL)}`);
  // As raw as HTTP lets it through: escapes of one byte, and the line breaks that it does not.
  const agent = "\u001b[31m\u0080\u0085\u009b31m";
  for (const line of [`User-Agent: ${agent}`, `X-Request-Id: ${agent}`, `traceparent: ${agent}`, `Host: ${agent}`]) {
    await rawRequest(gateway.url, `GET /api/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${line}\r\n\r\n`);
  }
  await rawRequest(gateway.url, `GET /\u001b[31m${FORGED} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await rawRequest(gateway.url, `${FORGED}\n${FORGED}\n\n`);
  const login = JSON.stringify({ username: ALICE.name, password: ALICE.password });
  const head = `POST /auth/login HTTP/1.1\r\nHost: a\r\nConnection: close\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\nUser-Agent: agent\u009b31m\u0085\r\nContent-Length: ${login.length}`;
  expect((await rawRequest(gateway.url, `${head}\r\n\r\n${login}`)).status).toBe(200);

  const operations = new Browser(gateway.operationsUrl);
  const admin = { authorization: `Bearer ${gateway.adminToken}` };
  await operations.fetch("/admin/clients", { headers: admin, json: { name: EVIL, scopes: [] } });
  await operations.fetch("/admin/revocations", {
    headers: admin,
    json: { target: { client: "postern" }, reason: EVIL },
  });

  const lines = gateway.logs().slice(started.length).trimEnd().split("\n");
  expect(lines.length).toBeGreaterThan(8);
  for (const line of lines) {
    const entry: Record<string, unknown> = JSON.parse(line);
    expect(Object.keys(entry)).toEqual(expect.arrayContaining(["level", "msg"]));
    expect(entry.outcome).not.toBe("forged");
    expect(line).not.toMatch(CONTROL);
  }
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: what is looked for.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/;

test.each(["audit", "users list", "clients list", `sessions list ${ALICE.name}`])(
  "postern %s prints no control character",
  async (command) => {
    for (const flags of [[], ["--json"]]) {
      const { code, stdout, stderr } = await gateway.cli([...command.split(" "), ...flags]);
      expect([code, stdout === ""]).toEqual([0, false]);
      expect(stdout + stderr).not.toMatch(CONTROL);
    }
  },
);
