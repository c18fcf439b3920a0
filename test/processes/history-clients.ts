import { expect } from "vitest";
import { type Answer, Browser, type LoginAnswer } from "../support/http-client.ts";
import { ALICE } from "../support/people.ts";
import type { HistoryEvent } from "./history.ts";

/** A session as its clients hold it. */
export interface Held {
  readonly sid: string;
  /** By generation. */
  readonly tokens: string[];
  accessToken: string | null;
}

/** How often each thing is done, of all that is done; what is left are calls. */
export interface Odds {
  readonly login: number;
  readonly logout: number;
  readonly revoke: number;
  /** Any token that the session ever had, not the newest. */
  readonly olderToken: number;
  readonly refresh: number;
}

export interface ClientsOptions {
  /** Two, by their main listeners. */
  readonly urls: readonly [string, string];
  readonly sessions: readonly { readonly sid: string; readonly refreshToken: string }[];
  readonly odds: Odds;
  /** Asks the admin API of one of the two for a revocation. */
  readonly revoke: (at: 0 | 1, json: unknown) => Promise<Answer>;
}

/** Many clients at two gateways that do whatever comes to them, and a record of it. */
export class HistoryClients {
  readonly history: HistoryEvent[] = [];
  readonly sessions: Held[];
  readonly #options: ClientsOptions;

  constructor(options: ClientsOptions) {
    this.#options = options;
    this.sessions = options.sessions.map(({ sid, refreshToken }) => ({
      sid,
      tokens: [refreshToken],
      accessToken: null,
    }));
  }

  async step(): Promise<void> {
    const at = Math.random() < 0.5 ? 0 : 1;
    const session = this.sessions[Math.floor(Math.random() * this.sessions.length)];
    if (session === undefined) return;
    const { odds } = this.#options;
    let dice = Math.random();
    const falls = (share: number): boolean => {
      dice -= share;
      return dice < 0;
    };
    if (falls(odds.login)) await this.#login(at);
    else if (falls(odds.logout)) await this.#logout(session, at);
    else if (falls(odds.revoke)) await this.#revoke(session, at);
    else if (falls(odds.olderToken)) {
      await this.refresh(session, at, Math.floor(Math.random() * session.tokens.length));
    } else if (falls(odds.refresh) || session.accessToken === null) {
      await this.refresh(session, at, session.tokens.length - 1);
    } else await this.call(session, at);
  }

  async call(session: Held, at: 0 | 1): Promise<void> {
    const browser = this.#browser(at);
    browser.accessToken = session.accessToken;
    const { answer, ...when } = await timed(() => browser.api("/api/orders"));
    const body = answer.json<{ code?: string; headers?: Record<string, string> }>();
    if (answer.status === 200) expect(body.headers?.["x-auth-session"]).toBe(session.sid);
    this.history.push({ kind: "call", sid: session.sid, at, ...when, status: answer.status, code: body.code ?? "" });
  }

  async refresh(session: Held, at: 0 | 1, shown: number): Promise<void> {
    const { answer, ...when } = await timed(() => this.#browser(at).refresh(session.tokens[shown] ?? ""));
    const {
      code = "",
      refresh_token: token = "",
      access_token,
    } = answer.json<Partial<LoginAnswer> & { code?: string }>();
    const generation = Number(token.split(".")[5]);
    const got = answer.status === 200 ? { generation, token } : null;
    this.history.push({ kind: "refresh", sid: session.sid, at, ...when, status: answer.status, code, shown, got });
    if (got === null) return;
    session.tokens[generation] ??= token;
    session.accessToken = access_token ?? null;
  }

  async #login(at: 0 | 1): Promise<void> {
    const login = () => this.#browser(at).login(ALICE.name, ALICE.password, { refresh: "body" });
    const { answer, ...when } = await timed(login);
    const {
      session_id: sid = "",
      refresh_token = "",
      access_token: accessToken,
      code = "",
    } = answer.json<Partial<LoginAnswer> & { code?: string }>();
    this.history.push({ kind: "login", sid, at, ...when, status: answer.status, code });
    if (answer.status === 200) this.sessions.push({ sid, tokens: [refresh_token], accessToken: accessToken ?? null });
  }

  #logout(session: Held, at: 0 | 1): Promise<void> {
    const json = { refresh_token: session.tokens.at(-1) };
    return this.#end(session, at, () => this.#browser(at).fetch("/auth/logout", { json }));
  }

  #revoke(session: Held, at: 0 | 1): Promise<void> {
    return this.#end(session, at, () => this.#options.revoke(at, { target: { session: session.sid } }));
  }

  async #end(session: Held, at: 0 | 1, act: () => Promise<Answer>): Promise<void> {
    const { answer, ...when } = await timed(act);
    const code = answer.text === "" ? "" : (answer.json<{ code?: string }>().code ?? "");
    this.history.push({ kind: "end", sid: session.sid, at, ...when, status: answer.status, code });
  }

  #browser(at: 0 | 1): Browser {
    return new Browser(this.#options.urls[at]);
  }
}

async function timed(act: () => Promise<Answer>): Promise<{ answer: Answer; started: number; ended: number }> {
  const started = performance.now();
  const answer = await act();
  return { answer, started, ended: performance.now() };
}
