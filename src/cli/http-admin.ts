import { type Administration, AdministrationError } from "../http/admin/administration.ts";
import { PROBLEMS, type Problem, type ProblemCode } from "../protocol/errors.ts";
import { Unavailable } from "./exit.ts";

/** Longer than a revocation waits for the other gateways. */
const TIMEOUT = 20_000;

/** The admin API of a running gateway. `url`: its operations listener, or the whole address of the API where it lies elsewhere. */
export function httpAdministration(url: URL, adminToken: string): Administration {
  const base = url.pathname === "/" ? `${url.origin}/admin` : `${url.origin}${url.pathname.replace(/\/+$/, "")}`;

  /** `T` is what the contract of Administration says that the gateway answers. */
  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers = { authorization: `Bearer ${adminToken}`, "content-type": "application/json" };
    const init = { method, headers, redirect: "error", signal: AbortSignal.timeout(TIMEOUT) } as const;
    const request = body === undefined ? init : { ...init, body: JSON.stringify(body) };
    const response = await fetch(base + path, request).catch((error: unknown) => {
      throw new Unavailable(`No gateway answers at ${base}: ${reasonOf(error)}`);
    });
    if (response.status === 204) return undefined as T;
    const answer: unknown = await response.json().catch(() => null);
    if (response.ok && answer !== null) return answer as T;
    throw failure(response.status, answer, base);
  }

  const id = encodeURIComponent;
  return {
    users: (page) => call("GET", `/users${query(page)}`),
    user: (nameOrId) => call("GET", `/users/${id(nameOrId)}`),
    createUser: (user) => call("POST", "/users", user),
    updateUser: (nameOrId, change) => call("PATCH", `/users/${id(nameOrId)}`, change),
    deleteUser: (nameOrId) => call("DELETE", `/users/${id(nameOrId)}`),
    sessions: (nameOrId) => call("GET", `/users/${id(nameOrId)}/sessions`),
    endSession: (sid, user) => call("DELETE", `/sessions/${id(sid)}${query({ user })}`),
    revoke: (request) => call("POST", "/revocations", request),
    nodes: () => call("GET", "/nodes"),
    audit: (page) => call("GET", `/audit${query(page)}`),
    clients: () => call("GET", "/clients"),
    createClient: (client) => call("POST", "/clients", client),
    rotateClientSecret: (clientId) => call("POST", `/clients/${id(clientId)}/secret`),
    removeClient: (clientId) => call("DELETE", `/clients/${id(clientId)}`),
    keys: () => call("GET", "/keys"),
    rotateKeys: () => call("POST", "/keys/rotate"),
  };
}

function query(values: Readonly<Record<string, string | number | null>>): string {
  const given = Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]]));
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}

function failure(status: number, answer: unknown, base: string): Error {
  if (status === 401) return new Error(`The gateway at ${base} does not take POSTERN_ADMIN_TOKEN.`);
  const problem = readProblem(answer);
  if (problem !== null) return new AdministrationError(problem);
  return new Unavailable(`${base} answered ${status}, and not as the admin API does: is this the operations listener?`);
}

function readProblem(answer: unknown): Problem | null {
  if (typeof answer !== "object" || answer === null || !("code" in answer)) return null;
  const { code } = answer;
  if (typeof code !== "string" || !isProblemCode(code)) return null;
  const detail = "detail" in answer && typeof answer.detail === "string" ? answer.detail : PROBLEMS[code].title;
  return { code, detail };
}

const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEMS, code);

/** fetch says "fetch failed"; what happened is its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer in ${TIMEOUT / 1000} s`;
  return error.cause instanceof Error ? error.cause.message || String(Reflect.get(error.cause, "code")) : error.message;
}
