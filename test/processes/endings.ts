import { decodeProtectedHeader } from "jose";
import { expect } from "vitest";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { Browser, type LoginAnswer } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import type { GatewayPair } from "./gateway-pair.ts";

/** One login, in a browser at gateway A, and the same cookies and token at gateway B. */
export interface Victim {
  readonly atA: Browser;
  readonly atB: Browser;
  readonly sid: string;
  readonly token: string;
}

/** What it ends, and how: taken at gateway A, or by a command beside both. */
export type Ending = readonly [
  name: string,
  ends: "session" | "access tokens",
  end: (victim: Victim) => Promise<unknown>,
];

export function at(gateway: GatewayProcess, browser: Browser): Browser {
  const elsewhere = new Browser(gateway.url);
  for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
  elsewhere.accessToken = browser.accessToken;
  return elsewhere;
}

/** Every way in which what Alice may do can end. `pair` is asked for when it is there. */
export class Endings {
  readonly #pair: () => GatewayPair;
  #alice = "";
  #roles: readonly string[] = ["user"];

  constructor(pair: () => GatewayPair) {
    this.#pair = pair;
  }

  async addAlice(): Promise<void> {
    const { a, admin } = this.#pair();
    const json = { username: ALICE.name, password: ALICE.password, roles: this.#roles };
    const answer = await admin(a, "/users", { json });
    expect(answer.status).toBe(201);
    this.#alice = answer.json<{ id: string }>().id;
  }

  async logIn(): Promise<Victim> {
    const { a, b } = this.#pair();
    const atA = new Browser(a.url);
    const answer = await atA.login(ALICE.name, ALICE.password);
    expect(answer.status).toBe(200);
    const { session_id: sid, access_token: token } = answer.json<LoginAnswer>();
    return { atA, atB: at(b, atA), sid, token };
  }

  async revoke(target: object): Promise<void> {
    const { a, admin } = this.#pair();
    expect((await admin(a, "/revocations", { json: { target } })).status).toBe(200);
  }

  async changeUser(json: object): Promise<void> {
    const { a, admin } = this.#pair();
    expect((await admin(a, `/users/${this.#alice}`, { method: "PATCH", json })).status).toBe(200);
  }

  async command(...args: readonly string[]): Promise<void> {
    const { code, stderr } = await this.#pair().a.cli(args);
    expect([code, stderr]).toEqual([0, ""]);
  }

  /** The same roles again would be no change. */
  async #otherRoles(): Promise<void> {
    this.#roles = this.#roles.length === 1 ? ["admin", "user"] : ["user"];
    await this.changeUser({ roles: this.#roles });
  }

  /** At gateway A. */
  readonly atGateway: readonly Ending[] = [
    ["logout", "session", ({ atA }) => atA.logout()],
    ["logout everywhere", "session", ({ atA }) => atA.api("/auth/logout/all", { method: "POST" })],
    ["one's own list of devices", "session", ({ atA, sid }) => atA.api(`/auth/sessions/${sid}`, { method: "DELETE" })],
    ["revoking the session", "session", ({ sid }) => this.revoke({ session: sid })],
    ["revoking the user", "session", () => this.revoke({ user: ALICE.name })],
    ["revoking everything", "session", () => this.revoke({ all: true })],
    ["revoking the token", "access tokens", ({ token }) => this.revoke({ token })],
    ["revoking the client", "access tokens", () => this.revoke({ client: "postern" })],
    ["revoking the key", "access tokens", ({ token }) => this.revoke({ key: decodeProtectedHeader(token).kid })],
    ["changing roles", "access tokens", () => this.#otherRoles()],
  ];

  readonly all: readonly Ending[] = [
    ...this.atGateway,
    ["a command beside the gateways", "session", ({ sid }) => this.command("revoke", "--session", sid)],
  ];
}
