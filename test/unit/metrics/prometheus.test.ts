import { expect, test } from "vitest";
import { prometheusMetrics } from "../../../src/metrics/prometheus.ts";
import type { Readings } from "../../../src/observe/metrics.ts";
import { readPrometheusText } from "../../support/prometheus-text.ts";

const READINGS: Readings = {
  view: { state: "fresh", entries: 7, age: 250 },
  hashing: { active: 2, waiting: 5, refused: 3 },
  followers: 4,
  streams: { websocket: 4, event_stream: 3, response: 2, download: 1 },
};
const metrics = prometheusMetrics("1.2.3");
const scrape = async (readings = READINGS) => readPrometheusText(await metrics.text(readings));

test("the breaker is in one state at a time", async () => {
  const name = "postern_store_breaker_state";
  expect((await scrape()).total(name, { state: "closed" })).toBe(1);
  metrics.observe({ kind: "breaker", state: "open" });
  const open = await scrape();
  expect([open.total(name, { state: "open" }), open.total(name)]).toEqual([1, 1]);
});

test("a target is in one state at a time, up from the start; failures and waiting requests by upstream", async () => {
  metrics.observe({ kind: "upstream_opened", upstream: "orders", targets: ["http://a", "http://b"] });
  const state = "postern_upstream_target_state";
  const start = await scrape();
  expect([start.total(state, { state: "up" }), start.total(state)]).toEqual([2, 2]);
  expect(start.total("postern_upstream_failures_total", { upstream: "orders", failure: "closed" })).toBe(0);
  metrics.observe({ kind: "upstream_target", upstream: "orders", target: "http://b", state: "ejected", ms: 2000 });
  metrics.observe({ kind: "upstream_failure", upstream: "orders", failure: "closed" });
  for (const change of [1, 1, -1] as const) metrics.observe({ kind: "upstream_pending", upstream: "orders", change });
  const later = await scrape();
  expect(later.total(state, { target: "http://b", state: "ejected" })).toBe(1);
  expect([later.total(state, { state: "up" }), later.total(state)]).toEqual([1, 2]);
  expect(later.total("postern_upstream_failures_total")).toBe(1);
  expect(later.total("postern_upstream_pending", { upstream: "orders" })).toBe(1);
  metrics.observe({ kind: "upstream_opened", upstream: "orders", targets: ["http://b", "http://c"] });
  metrics.observe({ kind: "upstream_closed", upstream: "orders", targets: ["http://a", "http://b"] });
  const changed = (await scrape()).samples.filter(({ name, value }) => name === state && value === 1);
  expect(changed.map(({ labels }) => labels.target).sort()).toEqual(["http://b", "http://c"]);
});

test("the view is in one state at a time, and infinitely old until it has caught up", async () => {
  const fresh = await scrape();
  expect(fresh.total("postern_revocation_view_age_seconds")).toBe(0.25);
  expect(fresh.total("postern_revocation_view_entries")).toBe(7);
  const behind = await scrape({ ...READINGS, view: { state: "catching_up", entries: 0, age: null } });
  expect(behind.total("postern_revocation_view_age_seconds")).toBe(Number.POSITIVE_INFINITY);
  const name = "postern_revocation_view_state";
  expect([behind.total(name, { state: "catching_up" }), behind.total(name)]).toEqual([1, 1]);
});

test("refused hashes are counted once, however often they are read", async () => {
  await scrape();
  expect((await scrape()).total("postern_password_hashes_refused_total")).toBe(3);
});

test("a store that lost what it had, and what was written back to it", async () => {
  const causes = (await scrape()).samples.filter(({ name }) => name === "postern_store_histories_broken_total");
  expect(causes.map(({ labels, value }) => [labels.cause, value])).toEqual([
    ["epoch_mismatch", 0],
    ["rolled_back", 0],
  ]);
  metrics.observe({ kind: "history_broken", cause: "rolled_back" });
  metrics.observe({ kind: "history_repaired", cause: "rolled_back", restored: 12 });
  const found = await scrape();
  expect(found.total("postern_store_histories_broken_total", { cause: "rolled_back" })).toBe(1);
  expect(found.total("postern_revocations_restored_total")).toBe(12);
});

test("calls of the store that fail are counted by how", async () => {
  for (const outcome of ["ok", "unavailable", "unavailable", "outcome_unknown"] as const) {
    metrics.observe({ kind: "store_call", operation: "refreshSession", outcome, ms: 3 });
  }
  const count = "postern_store_call_duration_seconds_count";
  const found = await scrape();
  expect(found.total(count, { operation: "refreshSession", outcome: "unavailable" })).toBe(2);
  expect(found.total("postern_store_call_duration_seconds_sum")).toBeCloseTo(0.012, 6);
});
