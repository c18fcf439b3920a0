import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Metrics, Readings } from "../observe/metrics.ts";
import type { Observation, Observe } from "../observe/observation.ts";
import { STREAM_CUTS, STREAM_KINDS } from "../observe/streams.ts";
import { END_REASONS } from "../sessions/end-reason.ts";
import { REFRESH_OUTCOMES } from "../sessions/refresh-outcome.ts";
import { Exposition } from "./exposition.ts";
import { RequestMetrics } from "./requests.ts";
import { UpstreamMetrics } from "./upstreams.ts";

/** Upper bounds in seconds: a store on the same machine answers in tenths of a millisecond, one that is given up on takes a second. */
const STORE_BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1];
const LAG_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
/** Milliseconds between two looks at how late the event loop is. */
const EVENT_LOOP_PRECISION = 20;

export interface PrometheusMetrics extends Metrics {
  readonly observe: Observe;
}

/**
 * Counts what is observed, for Prometheus. No label holds a token, a user, an address or anything else that a request brings:
 * every label comes from the configuration or from a closed set.
 */
export function prometheusMetrics(version: string): PrometheusMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION });
  const registers = [registry];
  const requests = new RequestMetrics();
  const upstreams = new UpstreamMetrics(registry);
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[]) =>
    new Counter({ name: `postern_${name}_total`, help, labelNames, registers });
  const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[]) =>
    new Gauge({ name: `postern_${name}`, help, labelNames, registers });

  gauge("build_info", "1, with the version of Postern.", ["version"]).set({ version }, 1);
  const logins = counter("logins", "Logins with a password, by outcome.", ["outcome"]);
  for (const outcome of ["ok", "invalid_credentials", "rate_limited", "overloaded"]) logins.inc({ outcome }, 0);
  const refreshes = counter("refreshes", "Refreshes of sessions, by outcome.", ["outcome"]);
  for (const outcome of REFRESH_OUTCOMES) refreshes.inc({ outcome }, 0);
  const ended = counter("sessions_ended", "Sessions that this gateway ended, by reason.", ["reason"]);
  for (const reason of END_REASONS) ended.inc({ reason }, 0);

  const streams = gauge("open_streams", "Open under a token: WebSockets, and responses that go on.", ["kind"]);
  const cuts = counter("streams_cut", "Open streams that were cut, by what their request would be refused with.", [
    "kind",
    "reason",
  ]);
  for (const kind of STREAM_KINDS) for (const reason of STREAM_CUTS) cuts.inc({ kind, reason }, 0);

  const viewState = gauge("revocation_view_state", "1 for the state that the revocation view is in.", ["state"]);
  const viewEntries = gauge("revocation_view_entries", "Live revocations in memory.", []);
  const viewAge = gauge("revocation_view_age_seconds", "Since all that was published was known to be in the view.", []);
  const read = counter("revocations_read", "Revocations read from the store.", []);
  const lag = new Histogram({
    name: "postern_revocation_lag_seconds",
    help: "From a revocation's publishing until this gateway had it, for the oldest of each read, by the store's clock.",
    buckets: LAG_BOUNDS,
    registers,
  });
  const broken = counter("store_histories_broken", "Times the store was found wiped or rolled back.", ["cause"]);
  // A series that begins at 1 has, for Prometheus, not increased.
  for (const cause of ["epoch_mismatch", "rolled_back"]) broken.inc({ cause }, 0);
  const restored = counter("revocations_restored", "Revocations written back to a store that had lost them.", []);

  const storeCalls = new Histogram({
    name: "postern_store_call_duration_seconds",
    help: "Calls of the store, by operation and outcome.",
    labelNames: ["operation", "outcome"],
    buckets: STORE_BOUNDS,
    registers,
  });
  const breaker = gauge("store_breaker_state", "1 for the state that the breaker before the store is in.", ["state"]);
  breaker.set({ state: "closed" }, 1);
  const storeFailures = counter("upkeep_failures", "Rounds of upkeep that failed, by what was to be done.", [
    "operation",
  ]);
  const reloads = counter("config_reloads", "Times the configuration was read again, by outcome.", ["outcome"]);
  for (const outcome of ["applied", "refused"]) reloads.inc({ outcome }, 0);
  const lastReload = gauge("config_last_reload_successful", "1 unless the last new configuration was refused.", []);
  lastReload.set(1);
  gauge("workers", "Processes that are this gateway and answered.", []).set(1);
  const restarts = counter("worker_restarts", "Times a process that had ended was replaced.", []);
  const dropped = counter("log_lines_dropped", "Log lines that nobody read in time, or that no disk took.", []);
  const hashing = gauge("password_hashes", "Password hashes at work and waiting.", ["state"]);
  const followers = gauge("revocation_followers", "Services that follow the revocations on this gateway.", []);
  const refused = counter("password_hashes_refused", "Password hashes refused because the queue was full.", []);
  const errors = counter("internal_errors", "Errors that should not happen; the log says which.", []);

  function observe(event: Observation): void {
    switch (event.kind) {
      case "request":
        requests.observe(event);
        return;
      case "login":
        logins.inc({ outcome: event.outcome });
        return;
      case "refresh":
        refreshes.inc({ outcome: event.outcome });
        return;
      case "session_ended":
        ended.inc({ reason: event.reason }, event.sessions);
        return;
      case "store_call":
        storeCalls.observe({ operation: event.operation, outcome: event.outcome }, event.ms / 1000);
        return;
      case "stream_cut":
        cuts.inc({ kind: event.stream, reason: event.cut });
        return;
      case "breaker":
        breaker.reset();
        breaker.set({ state: event.state }, 1);
        return;
      case "store_failed":
        storeFailures.inc({ operation: event.operation });
        return;
      case "feed_read":
        read.inc(event.entries);
        lag.observe(event.lag / 1000);
        return;
      case "history_broken":
        broken.inc({ cause: event.cause });
        return;
      case "history_repaired":
        restored.inc(event.restored);
        return;
      case "upstream_opened":
        upstreams.opened(event);
        return;
      case "upstream_closed":
        upstreams.closed(event);
        return;
      case "upstream_failure":
        upstreams.failed(event);
        return;
      case "upstream_target":
        upstreams.target(event);
        return;
      case "upstream_pending":
        upstreams.pending(event);
        return;
      case "config_reloaded":
        reloads.inc({ outcome: "applied" });
        lastReload.set(1);
        return;
      case "log_dropped":
        dropped.inc();
        return;
      case "worker_restarted":
        restarts.inc();
        return;
      case "config_refused":
        reloads.inc({ outcome: "refused" });
        lastReload.set(0);
        return;
      case "internal_error":
        errors.inc();
        return;
      // Told by the process that has started it, which counts nothing.
      case "worker_lost":
      case "view":
        return;
      default:
        event satisfies never;
    }
  }

  function take({
    view,
    streams: open,
    hashing: { active, waiting, refused: refusals },
    followers: following,
  }: Readings): void {
    for (const kind of STREAM_KINDS) streams.set({ kind }, open[kind]);
    viewState.reset();
    viewState.set({ state: view.state }, 1);
    viewEntries.set(view.entries);
    viewAge.set(view.age === null ? Number.POSITIVE_INFINITY : view.age / 1000);
    hashing.set({ state: "active" }, active);
    hashing.set({ state: "waiting" }, waiting);
    followers.set(following);
    refused.reset();
    refused.inc(refusals);
  }

  return {
    observe,
    contentType: registry.contentType,
    async text(readings) {
      take(readings);
      const exposition = new Exposition();
      requests.write(exposition);
      return `${exposition.text}\n${await registry.metrics()}`;
    },
  };
}
