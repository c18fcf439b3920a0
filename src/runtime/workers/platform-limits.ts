import type { Config } from "../../config/config.ts";
import { type ConfigProblem, problem } from "../../config/problems.ts";

/** What a configuration asks for and the platform's fetch cannot do. What it can do without is left out silently: docs/edge.md. */
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
