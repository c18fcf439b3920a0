import pino from "pino";
import type { Config } from "../../config/config.ts";
import type { Observation, Observe } from "../../observe/observation.ts";

export type Log = pino.Logger;

/** JSON lines on standard output. Nothing that is logged holds a token, a cookie or a password. */
export const createLog = (config: Pick<Config, "log">): Log =>
  pino({ level: config.log.level, base: null, timestamp: pino.stdTimeFunctions.isoTime });

/** Turns what happened into log lines. */
export function logObservations(log: Log, wantsRequests: () => boolean): Observe {
  function tell(level: "debug" | "info" | "warn" | "error", { kind, ...facts }: Observation): void {
    log[level](facts, kind);
  }
  return (event: Observation) => {
    switch (event.kind) {
      case "request":
        if (wantsRequests()) tell("info", event);
        return;
      case "login":
      case "session_ended":
        tell("info", event);
        return;
      case "refresh":
        tell(event.outcome === "theft" || event.outcome === "lost" ? "warn" : "debug", event);
        return;
      case "view":
        tell(event.state === "fresh" ? "info" : "warn", event);
        return;
      case "store_call":
        // Whoever called says what it meant; an outage would fill the log.
        if (event.outcome !== "ok") tell("debug", event);
        return;
      case "feed_read":
      case "stream_cut":
        tell("debug", event);
        return;
      case "history_broken":
      case "history_repaired":
        tell("error", event);
        return;
      case "config_reloaded":
        tell(event.kept.length === 0 ? "info" : "warn", event);
        return;
      case "config_refused":
        tell("error", event);
        return;
      case "breaker":
      case "store_failed":
        tell("warn", event);
        return;
      case "upstream_failure":
        // Whoever was refused tells, and the access log; an outage would fill this one.
        tell("debug", event);
        return;
      case "upstream_target":
        tell(event.state === "up" ? "info" : "warn", event);
        return;
      case "upstream_opened":
      case "upstream_pending":
        return;
      case "internal_error":
        tell("error", event);
        return;
      default:
        event satisfies never;
    }
  };
}
