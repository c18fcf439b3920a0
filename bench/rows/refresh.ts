import { setTimeout } from "node:timers/promises";
import { type Comparison, requestsFor } from "../comparison.ts";
import type { Standing } from "../contender.ts";
import { bareNodeRefresh, bareNodeSigning } from "../contenders/bare-node.ts";
import { posternDefaults, posternRotating } from "../contenders/postern.ts";
import type { LoadPlan } from "../load-plan.ts";
import type { Measurement } from "../measure.ts";

const SESSIONS = 150;

/** The refresh tokens to send: what the last measurement left, or those of new sessions. */
async function refreshTokens({ sessions }: Standing, last: Measurement | null): Promise<readonly string[]> {
  if (last) return last.load.tokens;
  if (!sessions) throw new Error("has no sessions");
  return sessions(SESSIONS);
}

const refreshPlan = (port: number, tokens: readonly string[], requests: number): LoadPlan => ({
  port,
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
  warmUps: 2,
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
  warmUps: 1,
  async plan(standing, effort, last) {
    const tokens = await refreshTokens(standing, last);
    return refreshPlan(standing.port, tokens, requestsFor(effort, last, 3000));
  },
};
