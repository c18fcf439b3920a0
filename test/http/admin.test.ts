import { beforeAll, expect, test } from "vitest";
import { operationsApp } from "../../src/http/admin/operations.ts";
import { ADMIN_TOKEN, environment, type TestServices, testServices } from "../support/services.ts";

const PASSWORD = "correct horse battery staple";

let gateway: TestServices;
let send: (method: string, path: string, body?: unknown, token?: string | null) => Promise<Response>;

beforeAll(async () => {
  gateway = await testServices({
    roles: { user: { scopes: ["orders:read"] }, admin: { scopes: ["orders:read", "orders:write"] } },
    clients: { c_configured: { secretHash: `sha256:${"A".repeat(43)}`, scopes: ["orders:read"] } },
  });
  const app = operationsApp(gateway.services);
  send = async (method, path, body, token = ADMIN_TOKEN) => {
    const headers = new Headers();
    if (token !== null) headers.set("authorization", `Bearer ${token}`);
    if (body !== undefined) headers.set("content-type", "application/json");
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    return app.request(path, init, environment(headers));
  };
});

async function answer(response: Response, status = 200): Promise<Record<string, unknown>> {
  const body = (await response.json()) as Record<string, unknown>;
  expect({ status: response.status, body }).toMatchObject({ status });
  expect(response.headers.get("cache-control")).toBe("no-store");
  return body;
}

async function expectProblem(response: Response, status: number, code: string): Promise<Record<string, unknown>> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const body = (await response.json()) as Record<string, unknown>;
  expect(body).toMatchObject({ status, code });
  expect(response.status).toBe(status);
  return body;
}

const isGood = async (token: string) => (await gateway.services.authenticateToken(token)).ok;

test("needs the admin token or the role admin", async () => {
  const anonymous = await send("GET", "/admin/users", undefined, null);
  expect(anonymous.headers.get("www-authenticate")).toBe("Bearer");
  await expectProblem(anonymous, 401, "unauthenticated");
  await expectProblem(await send("GET", "/admin/users", undefined, `${ADMIN_TOKEN}x`), 401, "token_invalid");
  const user = await gateway.logIn({ username: "somebody" });
  await expectProblem(await send("GET", "/admin/users", undefined, user.accessToken), 403, "forbidden");
  await expectProblem(await send("GET", "/admin/nothing", undefined, user.accessToken), 403, "forbidden");
  const admin = await gateway.logIn({ username: "root", roles: ["admin"] });
  await answer(await send("GET", "/admin/users", undefined, admin.accessToken));
  await gateway.services.store.setRoles({ sub: admin.sub, roles: [], origin: { actor: "test", address: null } });
  await gateway.services.catchUp();
  await expectProblem(await send("GET", "/admin/users", undefined, admin.accessToken), 401, "token_revoked");
});

test("users are made, found, listed in pages, changed and deleted", async () => {
  const made = await answer(
    await send("POST", "/admin/users", { username: "Bob", password: PASSWORD, roles: ["user"] }),
    201,
  );
  expect(made).toEqual({
    id: expect.stringMatching(/^u_/),
    username: "Bob",
    roles: ["user"],
    disabled: false,
    password: true,
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  expect(await answer(await send("GET", "/admin/users/bOB"))).toEqual(made);
  expect(await answer(await send("GET", `/admin/users/${String(made.id)}`))).toEqual(made);
  await expectProblem(await send("POST", "/admin/users", { username: "BOB" }), 409, "conflict");

  await answer(await send("POST", "/admin/users", { username: "carol@example.com" }), 201);
  const names: unknown[] = [];
  let next: unknown = null;
  do {
    const after = next === null ? "" : `&after=${encodeURIComponent(String(next))}`;
    const page = await answer(await send("GET", `/admin/users?limit=1${after}`));
    for (const user of page.users as readonly { readonly username: string }[]) names.push(user.username);
    next = page.next;
  } while (next !== null);
  expect(names).toEqual(expect.arrayContaining(["Bob", "carol@example.com"]));
  expect(new Set(names).size).toBe(names.length);

  const session = await gateway.logIn({ username: "bob" });
  const changed = await answer(await send("PATCH", "/admin/users/bob", { roles: ["admin"] }));
  expect(changed).toMatchObject({ roles: ["admin"] });
  expect(await isGood(session.accessToken)).toBe(false);
  expect(await gateway.services.store.session(session)).not.toBeNull();

  await answer(await send("PATCH", "/admin/users/bob", { disabled: true }));
  expect(await gateway.services.store.session(session)).toBeNull();

  const deleted = await send("DELETE", "/admin/users/bob");
  expect({ status: deleted.status, body: await deleted.text() }).toEqual({ status: 204, body: "" });
  await expectProblem(await send("GET", "/admin/users/bob"), 404, "not_found");
});

test.each([
  ["a role that is not configured", { username: "dave", roles: ["boss"] }, "roles"],
  ["a name with a control character", { username: "da\u0000ve" }, "username"],
  ["a common password", { username: "dave", password: "password12345678" }, "password"],
  ["a field that does not exist", { username: "dave", admin: true }, "body"],
  ["a wrong type", { username: 7 }, "username"],
])("a user with %s is refused, and why", async (_, user, path) => {
  const problem = await expectProblem(await send("POST", "/admin/users", user), 400, "validation");
  expect(problem.errors).toEqual([{ path, expected: expect.any(String) }]);
  expect(JSON.stringify(problem)).not.toContain("password12345678");
});

test("a change of which one part is wrong changes nothing", async () => {
  await answer(await send("POST", "/admin/users", { username: "erin", password: PASSWORD, roles: ["user"] }), 201);
  const session = await gateway.logIn({ username: "erin" });
  const change = { disabled: true, roles: ["admin"], password: "short" };
  await expectProblem(await send("PATCH", "/admin/users/erin", change), 400, "validation");
  expect(await answer(await send("GET", "/admin/users/erin"))).toMatchObject({ roles: ["user"], disabled: false });
  expect(await isGood(session.accessToken)).toBe(true);
});

test("sessions are listed and ended, one at a time", async () => {
  const one = await gateway.logIn({ username: "frank" });
  const other = await gateway.logIn({ username: "frank" });
  const { sessions } = await answer(await send("GET", "/admin/users/frank/sessions"));
  expect((sessions as { id: string }[]).map(({ id }) => id).sort()).toEqual([one.sid, other.sid].sort());
  for (const path of [`/admin/sessions/${one.sid}?user=frank`, `/admin/sessions/${one.sid}?user=${one.sub}`]) {
    await answer(await send("DELETE", path));
    expect(await isGood(one.accessToken)).toBe(false);
  }
  expect(await isGood(other.accessToken)).toBe(true);
  expect(await answer(await send("DELETE", `/admin/sessions/${other.sid}`))).toEqual({ existed: true });
  expect(await isGood(other.accessToken)).toBe(false);
  await expectProblem(await send("DELETE", "/admin/sessions/x"), 400, "validation");
});

test("revocations reach this gateway before the answer", async () => {
  const victim = await gateway.logIn({ username: "grace" });
  const dry = await answer(await send("POST", "/admin/revocations", { target: { user: "grace" }, dryRun: true }));
  expect(dry).toMatchObject({ sessions: 1, users: 1, dryRun: true });
  expect(await isGood(victim.accessToken)).toBe(true);
  const request = { target: { user: "grace" }, reason: "laptop stolen", wait: true };
  const done = await answer(await send("POST", "/admin/revocations", request));
  expect(done).toMatchObject({ sessions: 1, users: 1, dryRun: false, missing: [], note: expect.any(String) });
  expect(await isGood(victim.accessToken)).toBe(false);
  const again = await gateway.logIn({ username: "grace" });
  expect(await isGood(again.accessToken)).toBe(true);
});

test.each([
  [{}],
  [{ target: {} }],
  [{ target: { user: "grace", all: true } }],
  [{ target: { everything: true } }],
  [{ target: { all: false } }],
  [{ target: { all: true }, before: "yesterday" }],
])("the revocation %j is refused", async (request) => {
  await expectProblem(await send("POST", "/admin/revocations", request), 400, "validation");
});

test("a revoked key signs no more: the next token carries another and is good", async () => {
  const before = await gateway.logIn({ username: "heidi" });
  const { keys } = await answer(await send("GET", "/admin/keys"));
  const signing = (keys as { kid: string; state: string }[]).find(({ state }) => state === "signing");
  await answer(await send("POST", "/admin/revocations", { target: { key: signing?.kid } }));
  expect(await isGood(before.accessToken)).toBe(false);
  expect(gateway.services.keyRing.find(String(signing?.kid))).toBeNull();
  const after = await gateway.logIn({ username: "heidi" });
  expect(await isGood(after.accessToken)).toBe(true);
});

test("keys rotate on demand: the new one is published at once", async () => {
  const kidsOf = async (response: Response) =>
    ((await answer(response)).keys as { kid: string }[]).map(({ kid }) => kid).sort();
  const before = await kidsOf(await send("GET", "/admin/keys"));
  const after = await kidsOf(await send("POST", "/admin/keys/rotate"));
  expect(after).toHaveLength(before.length + 1);
  const published = gateway.services.keyRing.jwks().keys.map(({ kid }) => kid);
  expect(after.filter((kid) => !before.includes(kid)).every((kid) => published.includes(kid))).toBe(true);
});

test("clients are made with a secret shown once, listed, given another and removed", async () => {
  const made = await answer(await send("POST", "/admin/clients", { name: "reports", scopes: ["orders:read"] }), 201);
  expect(made).toMatchObject({ id: expect.stringMatching(/^c_/), secret: expect.any(String), source: "store" });
  const { clients } = await answer(await send("GET", "/admin/clients"));
  expect((clients as { id: string }[]).map(({ id }) => id)).toEqual(["c_configured", made.id]);
  expect(JSON.stringify(clients)).not.toContain(String(made.secret));
  const rotated = await answer(await send("POST", `/admin/clients/${String(made.id)}/secret`));
  expect(rotated.secret).not.toBe(made.secret);
  expect((await send("DELETE", `/admin/clients/${String(made.id)}`)).status).toBe(204);
  await expectProblem(await send("DELETE", `/admin/clients/${String(made.id)}`), 404, "not_found");
  await expectProblem(await send("DELETE", "/admin/clients/c_configured"), 409, "conflict");
});

test("every call is in the audit trail with its caller, and no secret is", async () => {
  const admin = await gateway.logIn({ username: "ivan", roles: ["admin"] });
  const user = { username: "judy", password: PASSWORD };
  await answer(await send("POST", "/admin/users", user, admin.accessToken), 201);
  const made = await answer(await send("POST", "/admin/clients", { name: "secretive", scopes: [] }), 201);
  await expectProblem(await send("DELETE", "/admin/users/nobody"), 404, "not_found");
  const trail = await answer(await send("GET", "/admin/audit?limit=1000"));
  const records = trail.records as { kind: string; actor: string; detail: unknown }[];
  const calls = records.filter(({ kind }) => kind === "admin_call").slice(-3);
  expect(calls).toMatchObject([
    { actor: admin.sub, detail: { method: "POST", path: "/admin/users" } },
    { actor: "admin", detail: { method: "POST", path: "/admin/clients" } },
    { actor: "admin", detail: { method: "DELETE", path: "/admin/users/nobody" } },
  ]);
  expect(records.at(-1)).toMatchObject({ detail: { path: "/admin/users/nobody" } });
  for (const secret of [PASSWORD, ADMIN_TOKEN, admin.accessToken, String(made.secret)]) {
    expect(JSON.stringify(trail)).not.toContain(secret);
  }
  const later = await answer(await send("GET", `/admin/audit?after=${String(trail.next)}`));
  expect(later.records).toEqual([]);
  const about = await answer(await send("GET", "/admin/audit?user=judy"));
  expect(about.records).toMatchObject([{ kind: "user_created", actor: admin.sub }]);
});

test("what the query asks for is checked", async () => {
  for (const query of ["limit=0", "limit=1001", "limit=x"]) {
    await expectProblem(await send("GET", `/admin/users?${query}`), 400, "validation");
  }
});

test("other methods are 405 with what is allowed, other paths 404", async () => {
  const response = await send("PUT", "/admin/users/bob");
  expect(response.headers.get("allow")).toBe("GET, PATCH, DELETE");
  await expectProblem(response, 405, "method_not_allowed");
  await expectProblem(await send("GET", "/admin/nothing"), 404, "not_found");
  await expectProblem(await send("GET", "/nothing"), 404, "not_found");
});

test("the probes: alive always, ready while the store, the view and the keys are there", async () => {
  expect((await send("GET", "/healthz", undefined, null)).status).toBe(200);
  expect(await answer(await send("GET", "/readyz", undefined, null))).toEqual({
    status: "ready",
    checks: { store: "ok", clock: "ok", view: "fresh", keys: "ok" },
    config: "test",
  });
  await gateway.withoutStore(async () => {
    expect((await send("GET", "/healthz", undefined, null)).status).toBe(200);
    const checks = { checks: { store: "unreachable" } };
    expect(await answer(await send("GET", "/readyz", undefined, null), 503)).toMatchObject(checks);
    await expectProblem(await send("POST", "/admin/users", { username: "late" }), 503, "store_unavailable");
  });
  await expectProblem(await send("GET", "/admin/users/late"), 404, "not_found");
  gateway.advance(gateway.services.config.revocation.maxStaleness + 1);
  expect(await answer(await send("GET", "/readyz", undefined, null), 503)).toMatchObject({ checks: { view: "stale" } });
});
