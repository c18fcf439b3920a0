import { setTimeout } from "node:timers/promises";
import { type Comparison, requestsFor } from "../comparison.ts";
import type { Standing } from "../contender.ts";
import { bareNodeRefresh, bareNodeSigning } from "../contenders/bare-node.ts";
import { bareNodeEvalsha } from "../contenders/bare-redis.ts";
import { posternDefaults, posternRotating } from "../contenders/postern.ts";
import { posternOnRedis } from "../contenders/postern-redis.ts";
import type { LoadPlan } from "../load-plan.ts";
import type { Measurement } from "../measure.ts";

const SESSIONS = 150;

/** The refresh tokens to send: what the last measurement left, or those of new sessions. */
const refreshTokens = (standing: Standing, last: Measurement | null): Promise<readonly string[]> | readonly string[] =>
  last === null ? newSessions(standing, SESSIONS) : last.load.tokens;

function newSessions({ sessions }: Standing, count: number): Promise<readonly string[]> {
  if (!sessions) throw new Error("has no sessions");
  return sessions(count);
}

const refreshPlan = (port: number, tokens: readonly string[], requests: number): LoadPlan => ({
  ports: [port],
  connections: 8,
  requests,
  rate: null,
  send: { kind: "refresh", tokens },
  expect: 200,
});

export const refreshRotated: Comparison = {
  name: "refresh",
  title: "Refresh, rotated",
  note: `POST /auth/refresh with the token in the body, ${SESSIONS} sessions once each a round, 8 connections. Every answer brings a new refresh token, written with fsync.`,
  contenders: [bareNodeRefresh, bareNodeSigning, posternRotating],
  yardstick: bareNodeRefresh.name,
  async plan(standing, _effort, last) {
    const tokens = await refreshTokens(standing, last);
    // Each session twenty times over, mostly kept, to warm up with; from then on once, when its token is older than the grace.
    if (last === null) return refreshPlan(standing.port, tokens, 20 * SESSIONS);
    await setTimeout(1100);
    return refreshPlan(standing.port, tokens, SESSIONS);
  },
};

export const refreshKept: Comparison = {
  name: "refresh-kept",
  title: "Refresh, kept",
  note: "The same within the grace: the answer is the same refresh token and a new access token.",
  contenders: [bareNodeSigning, posternDefaults],
  yardstick: bareNodeSigning.name,
  async plan(standing, effort, last) {
    const tokens = await refreshTokens(standing, last);
    return refreshPlan(standing.port, tokens, requestsFor(effort, last, 3000));
  },
};

export const refreshOnRedis: Comparison = {
  name: "refresh-redis",
  title: "Refresh on Redis, rotated",
  note: "POST /auth/refresh with the token in the body, each session once, 8 connections. Redis, on the load's core, keeps an append-only file. CPU is the gateway's alone.",
  contenders: [bareNodeEvalsha, bareNodeSigning, posternOnRedis],
  yardstick: bareNodeEvalsha.name,
  async plan(standing, effort, last) {
    const requests = requestsFor(effort, last, 2000);
    return refreshPlan(standing.port, await newSessions(standing, requests), requests);
  },
};
