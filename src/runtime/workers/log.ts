import type { Config } from "../../config/config.ts";
import { type LogLevel, logLevel } from "../../observe/log-level.ts";
import type { Observe } from "../../observe/observation.ts";

const ORDER: readonly LogLevel[] = ["error", "warn", "info", "debug"];

/** JSON lines on the console, which the platform keeps. Nothing that is logged holds a token, a cookie or a password. */
export function writeLog({ log }: Pick<Config, "log">): Observe {
  const shown = new Set(ORDER.slice(0, ORDER.indexOf(log.level) + 1));
  return (event) => {
    const level = logLevel(event, log.access);
    if (level === null || !shown.has(level)) return;
    const { kind, ...facts } = event;
    console[level](JSON.stringify({ level, msg: kind, ...facts }));
  };
}
