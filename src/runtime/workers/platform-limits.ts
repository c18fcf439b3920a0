import type { Config } from "../../config/config.ts";
import { type ConfigProblem, problem } from "../../config/problems.ts";
import { isJsonObject } from "../../lib/json-object.ts";

/** Of an upstream: the platform's fetch has its own ways there, or nothing runs between requests. */
const WITHOUT_EFFECT = ["health", "connectTimeout", "idleTimeout", "totalTimeout", "maxConnections", "maxPending"];

/** What is written for upstreams and has no effect on Workers, where it does no harm either. `input`: a configuration that is good. */
export function unusedOnPlatform(input: unknown): ConfigProblem[] {
  const upstreams = isJsonObject(input) && isJsonObject(input.upstreams) ? Object.entries(input.upstreams) : [];
  return upstreams.flatMap(([name, upstream]) => {
    const written = isJsonObject(upstream) ? WITHOUT_EFFECT.filter((option) => upstream[option] !== undefined) : [];
    return written.map((option) => problem(["upstreams", name, option], "has no effect on Workers"));
  });
}

/** What a configuration asks for and the platform's fetch cannot do. */
export function platformProblems({ upstreams, tls: listener }: Pick<Config, "upstreams" | "tls">): ConfigProblem[] {
  const ofUpstreams = Object.values(upstreams).flatMap(({ name, host, tls }) => [
    ...(host === "target"
      ? []
      : [problem(["upstreams", name, "host"], 'must be "target" on Workers: fetch sets Host')]),
    ...(tls === null
      ? []
      : [problem(["upstreams", name, "tls"], "is not possible on Workers: fetch trusts public CAs")]),
  ]);
  if (listener === null) return ofUpstreams;
  return [problem(["tls"], "is not possible on Workers: the platform has the certificates"), ...ofUpstreams];
}
