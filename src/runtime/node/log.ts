import pino from "pino";
import type { Config } from "../../config/config.ts";
import type { Observation, Observe } from "../../observe/observation.ts";

export type Log = pino.Logger;

/** JSON lines on standard output. Nothing that is logged holds a token, a cookie or a password. */
export const createLog = (config: Pick<Config, "log">): Log =>
  pino({ level: config.log.level, base: null, timestamp: pino.stdTimeFunctions.isoTime });

/** Turns what happened into log lines. */
export function logObservations(log: Log, config: Pick<Config, "log">): Observe {
  return (event: Observation) => {
    const { kind, ...facts } = event;
    switch (event.kind) {
      case "request":
        if (config.log.access) log.info(facts, kind);
        return;
      case "login":
      case "session_ended":
        log.info(facts, kind);
        return;
      case "refresh":
        if (event.outcome === "theft" || event.outcome === "lost") log.warn(facts, kind);
        else log.debug(facts, kind);
        return;
      case "view":
        log.info(facts, kind);
        return;
      case "feed_read":
        log.debug(facts, kind);
        return;
      case "history_broken":
      case "history_repaired":
        log.error(facts, kind);
        return;
      case "breaker":
      case "store_failed":
        log.warn(facts, kind);
        return;
      case "internal_error":
        log.error(facts, kind);
        return;
      default:
        event satisfies never;
    }
  };
}
