import { setTimeout } from "node:timers/promises";
import { type Comparison, type Effort, requestsFor } from "../comparison.ts";
import type { Standing } from "../contender.ts";
import { bareNodeRefresh, bareNodeSigning } from "../contenders/bare-node.ts";
import { bareNodeEvalsha } from "../contenders/bare-redis.ts";
import { posternDefaults, posternRotating } from "../contenders/postern.ts";
import { posternOnRedis } from "../contenders/postern-redis.ts";
import type { LoadPlan } from "../load-plan.ts";
import type { Measurement } from "../measure.ts";

/** More than a round sends, so that each is shown once a round. */
const SESSIONS = 4000;
/** Of what is measured with the shortest grace, in milliseconds. */
const PAST_THE_GRACE = 1100;

const refreshPlan = (port: number, tokens: readonly string[], requests: number): LoadPlan => ({
  ports: [port],
  connections: 8,
  requests,
  rate: null,
  send: { kind: "refresh", tokens },
  expect: 200,
});

/** The same sessions round after round, by what the last one left of their tokens: new ones would have to be made in each. */
async function samePlan({ port, sessions }: Standing, effort: Effort, last: Measurement | null): Promise<LoadPlan> {
  if (!sessions) throw new Error("has no sessions");
  const tokens = last?.load.tokens ?? (await sessions(SESSIONS));
  return refreshPlan(port, tokens, Math.min(SESSIONS, requestsFor(effort, last, SESSIONS)));
}

/** Every token is past its grace when it is shown. */
async function rotatingPlan(standing: Standing, effort: Effort, last: Measurement | null): Promise<LoadPlan> {
  const plan = await samePlan(standing, effort, last);
  await setTimeout(PAST_THE_GRACE);
  return plan;
}

const STEADY = `POST /auth/refresh with the token in the body, 8 connections, a session once a round, of ${SESSIONS} that were made straight in the store. Both sides are measured warm: after as many rounds of thousands of requests as make them faster.`;
const SIGNED = 'The yardsticks sign as one would for a JWT: `crypto.sign` with `dsaEncoding: "ieee-p1363"`.';

export const refreshRotated: Comparison = {
  name: "refresh",
  title: "Refresh, rotated",
  note: `${STEADY} Every answer brings a new refresh token, written with fsync. ${SIGNED}`,
  contenders: [bareNodeRefresh, bareNodeSigning, posternRotating],
  yardstick: bareNodeRefresh.name,
  plan: rotatingPlan,
};

export const refreshKept: Comparison = {
  name: "refresh-kept",
  title: "Refresh, kept",
  note: "The same within the grace: the answer is the same refresh token and a new access token.",
  contenders: [bareNodeSigning, posternDefaults],
  yardstick: bareNodeSigning.name,
  plan: samePlan,
};

export const refreshOnRedis: Comparison = {
  name: "refresh-redis",
  title: "Refresh on Redis, rotated",
  note: "As on the embedded store. Redis, on the load's core, keeps an append-only file. CPU is the gateway's alone.",
  contenders: [bareNodeEvalsha, bareNodeSigning, posternOnRedis],
  yardstick: bareNodeEvalsha.name,
  plan: rotatingPlan,
};
