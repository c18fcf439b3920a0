import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RevocationRequest } from "../../../../src/http/admin/administration.ts";
import {
  type AdministrationDependencies,
  createAdministration,
} from "../../../../src/http/admin/store-administration.ts";
import type { RefreshToken } from "../../../../src/sessions/refresh-token.ts";
import { openSqlite } from "../../../contract/open-sqlite.ts";

const sub = "u_0123456789012345678901";
const sid = "s_0123456789012345678901";
const refresh: RefreshToken = { channel: "body", secretId: "k", sub, sid, generation: 3, r: "r" };

let opened: Awaited<ReturnType<typeof openSqlite>>;
/** What happens while `wait` waits, before the store's clock is moved on. */
let meanwhile: () => Promise<unknown> = () => Promise.resolve();
let published = 0;

beforeAll(async () => {
  opened = await openSqlite();
});
afterAll(() => opened.close());

function revoke(request: RevocationRequest) {
  const dependencies: AdministrationDependencies = {
    store: opened.store,
    config: {
      issuer: "https://app.example.com",
      roles: {},
      clients: {},
      passwords: { minLength: 15, memory: 19_456, iterations: 2, parallelism: 1, concurrency: 1, queue: 1 },
    },
    passwords: { hash: () => Promise.reject(new Error("nothing is hashed here")) },
    decodeRefresh: (text) => Promise.resolve(text === "a refresh token" ? refresh : null),
    rotateKeys: () => Promise.resolve(),
    published: async () => {
      published += 1;
    },
    pause: async (milliseconds) => {
      await meanwhile();
      opened.advance(milliseconds);
    },
  };
  return createAdministration(dependencies, { actor: "test", address: null }).revoke(request);
}

const session = { session: sid };
const announce = (node: string, cursor: readonly string[]) =>
  opened.store.announce({ receipt: { node, startedAt: 0, cursor, version: "1", config: null }, accessTtl: 300_000 });
const endOfFeed = async () => (await opened.store.readFeed({ after: null, limit: 10_000 })).cursor;

describe("waiting until every gateway has seen a revocation", () => {
  it("ends when the last receipt has passed it", async () => {
    const before = await endOfFeed();
    await announce("n_one", before);
    await announce("n_two", before);
    let looks = 0;
    meanwhile = async () => {
      looks += 1;
      if (looks === 1) await announce("n_one", await endOfFeed());
      if (looks === 3) await announce("n_two", await endOfFeed());
    };
    const report = await revoke({ target: session, wait: true });
    expect({ ...report, reached: report.reached?.toSorted() }).toMatchObject({
      reached: ["n_one", "n_two"],
      missing: [],
    });
    expect(looks).toBe(3);
  });

  it("names a gateway that has not confirmed, one that fell silent too, after 10 s", async () => {
    await opened.store.retire({ node: "n_two" });
    const before = await endOfFeed();
    await announce("n_silent", before);
    opened.advance(3_000);
    await announce("n_one", before);
    await announce("n_behind", before);
    meanwhile = async () => {
      await announce("n_one", await endOfFeed());
      await announce("n_behind", before);
    };
    const start = await opened.store.time({});
    const report = await revoke({ target: session, wait: true });
    expect(report.missing?.toSorted()).toEqual(["n_behind", "n_silent"]);
    expect(report.reached).toContain("n_one");
    expect((await opened.store.time({})) - start).toBeGreaterThanOrEqual(10_000);
  });

  it("does not wait for a gateway that stopped in good order", async () => {
    opened.advance(11_000);
    await announce("n_leaving", await endOfFeed());
    meanwhile = () => opened.store.retire({ node: "n_leaving" });
    expect(await revoke({ target: session, wait: true })).toMatchObject({ reached: [], missing: [] });
  });

  it("does not wait for what a dry run did not do", async () => {
    meanwhile = () => Promise.reject(new Error("it waited"));
    await announce("n_one", []);
    const count = published;
    expect(await revoke({ target: session, wait: true, dryRun: true })).not.toHaveProperty("reached");
    expect(published).toBe(count);
  });
});

describe("a token", () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const jwt = (claims: object) => `${part({ alg: "ES256" })}.${part(claims)}.AAAA`;
  const jti = "01a1fb4c-b08b-73ff-b1c6-3e8d777acf1e";

  it("that is a refresh token names its session", async () => {
    const report = await revoke({ target: { token: " a refresh token\n" } });
    expect(report).toMatchObject({
      targets: [{ kind: "session", id: sid }],
      note: expect.stringContaining("refresh token"),
    });
  });

  it("that is an access token names its jti, expired or not, ours or not", async () => {
    const late = await revoke({ target: { token: jwt({ jti, exp: 1 }) } });
    expect(late).toMatchObject({ targets: [{ kind: "token", id: jti }], note: expect.stringContaining("had expired") });
    const live = await revoke({ target: { token: jwt({ jti, exp: 1e10 }) } });
    expect(live.note).not.toContain("had expired");
  });

  it.each([jwt({}), jwt({ jti: "1" }), jwt({ jti: 7 }), "", "a.b", "a.b.c"])(
    "that says nothing (%s) is refused",
    async (token) => {
      await expect(revoke({ target: { token } })).rejects.toMatchObject({ problem: { code: "validation" } });
    },
  );
});
