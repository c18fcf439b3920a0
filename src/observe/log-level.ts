import type { Observation } from "./observation.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** How a log tells of what happened; null: not at all. `access`: whether requests have a line each. */
export function logLevel(event: Observation, access: boolean): LogLevel | null {
  switch (event.kind) {
    case "request":
      return access ? "info" : null;
    case "login":
    case "session_ended":
      return "info";
    case "refresh":
      return event.outcome === "theft" || event.outcome === "lost" ? "warn" : "debug";
    case "view":
      return event.state === "fresh" ? "info" : "warn";
    case "store_call":
      // Whoever called says what it meant; an outage would fill the log.
      return event.outcome === "ok" ? null : "debug";
    case "feed_read":
    case "stream_cut":
    case "upstream_failure":
      // Whoever was refused tells, and the access log; an outage would fill this one.
      return "debug";
    case "upstream_target":
      return event.state === "up" ? "info" : "warn";
    case "upstream_opened":
    case "upstream_closed":
    case "upstream_pending":
    case "log_dropped":
      return null;
    case "config_reloaded":
      return event.kept.length === 0 ? "info" : "warn";
    case "config_refused":
    case "worker_restarted":
    case "worker_lost":
    case "history_broken":
    case "history_repaired":
    case "internal_error":
      return "error";
    case "breaker":
    case "store_failed":
      return "warn";
  }
}
