import type { Comparison } from "../comparison.ts";
import { posternDefaults, posternLogging } from "../contenders/postern.ts";
import { proxied } from "./proxied.ts";

/** What the access log, which is off by default, adds to the main row. */
export const accessLog: Comparison = {
  ...proxied,
  name: "access-log",
  title: "The access log",
  note: "The requests of the main row, with and without a line a request; the log goes to a file.",
  contenders: [posternDefaults, posternLogging],
  yardstick: posternDefaults.name,
};
