import { z } from "zod";
import { refuseProbedPath } from "./names.ts";
import { refuseTarget, refuseTlsName, refuseUpstreamHost } from "./network.ts";
import { duration, group, list, oneOf, quote, text, whole } from "./values.ts";

const ejection = group({
  failures: whole(1, 1000)
    .prefault(5)
    .describe(
      "Failures in a row after which a target is left out. One that cannot be connected to is left out at once.",
    ),
  time: duration("100ms", "1h")
    .prefault("2s")
    .describe("For how long, the first time; each time after that, twice as long."),
  maxTime: duration("100ms", "24h").prefault("1m").describe("For how long at the most."),
});

const health = group({
  path: text("a path of the service", refuseProbedPath).describe(
    "What each target is asked for; any 2xx means that it is well.",
  ),
  interval: duration("100ms", "1h").prefault("5s").describe("Between an answer and the next question."),
  timeout: duration("10ms", "1m").prefault("2s").describe("How long the answer may take."),
  healthy: whole(1, 100).prefault(2).describe("Good answers in a row that bring a target back."),
  unhealthy: whole(1, 100).prefault(3).describe("Bad answers in a row that take a target out."),
});

const file = (what: string) =>
  z
    .string({ error: `expected ${what}` })
    .min(1, { error: "must not be empty" })
    .meta({ title: what });

const tls = group({
  ca: file("a PEM file, or PEM")
    .optional()
    .describe("Certificates of the authorities that targets are believed by, in place of the system's."),
  cert: file("a PEM file, or PEM")
    .optional()
    .describe("The certificate that the gateway shows to targets, with its chain."),
  key: file("a PEM file")
    .refine((value) => !isPem(value), { error: "must be a file: private keys have no place in a configuration" })
    .optional()
    .describe("The private key of `cert`."),
  serverName: text("a host name", refuseTlsName)
    .optional()
    .describe("The name that the target's certificate must be for. Default: the target's own."),
});

export const isPem = (value: string): boolean => value.startsWith("-----BEGIN ");

export const upstream = group({
  targets: list(text("the origin of a service", refuseTarget), "targets")
    .min(1, { error: "must name at least one target" })
    .describe("Origins of the service's instances."),
  balance: oneOf(["least-outstanding", "round-robin"])
    .prefault("least-outstanding")
    .describe("Which target takes a request: the one with the fewest requests under way, or the next in turn."),
  host: text('"client", "target" or a host name', refuseUpstreamHost)
    .prefault("target")
    .describe(
      "The `Host` that is sent: the client's, the target's own, or this one. `X-Forwarded-Host` holds the client's.",
    ),
  connectTimeout: duration("10ms", "60s")
    .prefault("5s")
    .describe("How long making a connection may take; a free one is waited for as long."),
  responseTimeout: duration("10ms", "1h").prefault("60s").describe("How long the response's headers may take."),
  idleTimeout: duration("10ms", "24h")
    .prefault("5m")
    .describe("How long may pass between two pieces of the response's body."),
  totalTimeout: duration("10ms", "24h")
    .optional()
    .describe(
      "How long the whole may take, event streams too; WebSockets may live longer. Without it there is no bound.",
    ),
  maxConnections: whole(1, 65_535)
    .prefault(1024)
    .describe("Requests and WebSockets at once, for each target (in each process)."),
  maxPending: whole(0, 1_000_000)
    .prefault(1024)
    .describe("Requests that may wait for a free connection; others are answered 503 `overloaded`."),
  ejection: z
    .union([z.literal(false), ejection], { error: ({ input }) => `expected false or an object, got ${quote(input)}` })
    .prefault({})
    .meta({ title: "false or an object" })
    .describe("When a target that fails is left out for a while (passive health)."),
  health: health.optional().describe("Asks each target whether it is well (active health). Off where it is left out."),
  slowStart: duration("0s", "1h")
    .prefault("10s")
    .describe("How long a target that comes back gets fewer requests than the others."),
  tls: tls.optional().describe("For targets with `https:`. Certificates are always checked."),
});
