import { beforeAll, describe, expect, test } from "vitest";
import { type AttackedProcess, asOperator, attackedProcess } from "../attacks/attacked-process.ts";
import { rawRequest } from "../support/raw-http.ts";
import { startRecordingUpstream } from "../support/recording-upstream.ts";

const ALL = "https://all.example";
const PARTNER = "https://partner.example";
const EXPOSED = "ETag, WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy";
/** A service with CORS of its own. */
const THEIRS = [
  ...["HTTP/1.1 200 OK", "Access-Control-Allow-Origin: https://theirs.example", "Access-Control-Max-Age: 7"],
  ...["Access-Control-Expose-Headers: X-Theirs", "Content-Length: 2", "Connection: close", "", "ok"],
];

let subject: AttackedProcess;

beforeAll(async () => {
  const service = await startRecordingUpstream(({ socket }) => socket.end(THEIRS.join("\r\n")));
  subject = await attackedProcess({
    cors: { origins: [ALL] },
    upstreams: { theirs: { targets: [service.url] } },
    routes: [
      { path: "/all", upstream: "theirs", access: "public" },
      {
        ...{ path: "/partner", upstream: "theirs", access: "public", methods: ["GET"] },
        cors: { origins: [PARTNER], methods: ["GET"], headers: ["X-Cart"], expose: ["X-Total"], maxAge: "1h" },
      },
      {
        ...{ path: "/partner", upstream: "theirs", access: "required", methods: ["POST"] },
        cors: { origins: [PARTNER], credentials: false },
      },
      { path: "/fonts", upstream: "theirs", access: "public", cors: { origins: ["*"], credentials: false } },
      { path: "/theirs", upstream: "theirs", access: "required", cors: false },
    ],
  });
});

/** The CORS headers of an answer, without their common beginning. */
async function cors(path: string, origin: string, asked?: string): Promise<Record<string, string>> {
  const headers = { origin, ...(asked === undefined ? {} : { "access-control-request-method": asked }) };
  const answer = await subject.browser(headers).fetch(path, { method: asked === undefined ? "GET" : "OPTIONS" });
  const named = Object.entries(answer.headers).filter(([name]) => /^access-control-|^vary$/.test(name));
  return Object.fromEntries(named.map(([name, value]) => [name.replace("access-control-", ""), value]));
}

describe("a route with CORS of its own", () => {
  test("lets its origins in, and nothing that the service says of it passes", async () => {
    expect(await cors("/partner", PARTNER)).toEqual({
      ...{
        "allow-origin": PARTNER,
        "allow-credentials": "true",
        "expose-headers": `${EXPOSED}, X-Total`,
        vary: "Origin",
      },
    });
    for (const origin of [ALL, "https://theirs.example"])
      expect(await cors("/partner", origin)).toEqual({ vary: "Origin" });
  });

  test("answers preflights by the route of the request that they ask for", async () => {
    expect(await cors("/partner", PARTNER, "GET")).toEqual({
      ...{
        "allow-origin": PARTNER,
        "allow-credentials": "true",
        "expose-headers": `${EXPOSED}, X-Total`,
        vary: "Origin",
      },
      ...{ "allow-methods": "GET", "allow-headers": "X-Cart", "max-age": "3600" },
    });
    expect(await cors("/partner", PARTNER, "POST")).toEqual({
      ...{ "allow-origin": PARTNER, "expose-headers": EXPOSED, vary: "Origin" },
      ...{ "allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", "max-age": "600" },
    });
    expect(await cors("/partner", ALL, "GET")).toEqual({ vary: "Origin" });
  });

  test("says so in refusals too", async () => {
    const answer = await subject.browser({ origin: PARTNER }).fetch("/partner", { method: "POST", body: "x" });
    expect([answer.status, answer.headers["access-control-allow-origin"]]).toEqual([401, PARTNER]);
    expect(answer.headers["access-control-allow-credentials"]).toBeUndefined();
  });

  test("may be for every site, without credentials", async () => {
    const everybody = { "allow-origin": "*", "expose-headers": EXPOSED };
    expect(await cors("/fonts", "https://anybody.example")).toEqual(everybody);
    expect(await cors("/fonts", "https://anybody.example", "GET")).toMatchObject(everybody);
  });
});

test("a route that says nothing has the CORS of all, and what the service says beside it passes", async () => {
  const theirs = { "max-age": "7", "expose-headers": `X-Theirs, ${EXPOSED}` };
  expect(await cors("/all", ALL)).toMatchObject({ ...theirs, "allow-origin": ALL, vary: "Origin" });
  expect(await cors("/all", PARTNER)).toMatchObject({ "allow-origin": "https://theirs.example", vary: "Origin" });
});

describe("a route that leaves it to the service", () => {
  const theirs = { "allow-origin": "https://theirs.example", "max-age": "7", "expose-headers": "X-Theirs" };

  test("passes preflights on, and answers as they come", async () => {
    expect(await cors("/theirs", "https://theirs.example", "DELETE")).toEqual(theirs);
  });

  test("adds nothing to its own refusals", async () => {
    expect(await cors("/theirs", ALL)).toEqual({});
  });
});

test("the operations listener knows none of it", async () => {
  const answer = await asOperator(subject.gateway).fetch("/healthz", { headers: { origin: PARTNER } });
  expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
  const raw = await rawRequest(subject.gateway.url, "GET /fonts HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  expect(raw.text).toContain("Access-Control-Allow-Origin: *");
});
