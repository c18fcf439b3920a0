import pino from "pino";
import type { Config } from "../../config/config.ts";
import { logLevel } from "../../observe/log-level.ts";
import type { Observation, Observe } from "../../observe/observation.ts";

import type { LogSink } from "./log-sink.ts";

export type Log = pino.Logger;

/** JSON lines, with the number of the process where it is one of several. Nothing that is logged holds a token, a cookie or a password. */
export const createLog = (config: Pick<Config, "log">, sink: LogSink, worker: number | null): Log =>
  pino(
    {
      level: config.log.level,
      base: worker === null ? null : { worker },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    sink,
  );

/** Turns what happened into log lines. */
export function logObservations(log: Log, wantsRequests: () => boolean): Observe {
  return (event: Observation) => {
    const level = logLevel(event, event.kind === "request" && wantsRequests());
    if (level === null) return;
    const { kind, ...facts } = event;
    log[level]("ms" in facts && facts.ms !== null ? { ...facts, ms: inMicroseconds(facts.ms) } : facts, kind);
  };
}

/** The clock is no finer, and floating point writes ten more digits. */
const inMicroseconds = (ms: number): number => Math.round(ms * 1000) / 1000;
