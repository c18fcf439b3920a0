import { z } from "zod";
import { refuseExposedField } from "./fields.ts";
import { refuseMethod } from "./names.ts";
import { refuseOrigin } from "./network.ts";
import { duration, flag, group, list, quote, text } from "./values.ts";

const names = () => list(text("a header name", refuseExposedField), "header names");

const routeCors = group({
  origins: list(text('an origin, or "*"', refuseOriginOrAll), "origins")
    .min(1, { error: "must name an origin" })
    .describe('Exactly these may read what is answered; `["*"]` with `credentials: false` lets every site in.'),
  credentials: flag().prefault(true).describe("Whether cookies, and what they bring, may go along."),
  methods: list(text("a method", refuseMethod), "methods")
    .min(1, { error: "must name a method" })
    .optional()
    .describe("Methods that a preflight is answered with. Without it: all that are usual."),
  headers: names()
    .optional()
    .describe("Request headers that a preflight is answered with. Without it: those that are asked for."),
  expose: names().prefault([]).describe("Response headers that a script may read, besides those of the gateway's own."),
  maxAge: duration("0s", "24h").prefault("10m").describe("How long a browser may keep the answer to a preflight."),
});

export const cors = z
  .union([z.literal(false), routeCors], { error: ({ input }) => `expected false or an object, got ${quote(input)}` })
  .optional()
  .meta({ title: "false or an object" })
  .describe(
    "Which other origins' pages may call this route, in place of `cors` for all; the service's own CORS headers are then dropped. `false` leaves it to the service, preflights included, which reach it without a credential.",
  );

function refuseOriginOrAll(origin: string): string | null {
  return origin === "*" ? null : refuseOrigin(origin);
}
