import { formatDuration } from "./duration.ts";
import type { Parts } from "./parts.ts";
import { type ConfigProblem, problem } from "./problems.ts";
import { quote } from "./values.ts";

/** What is wrong with an upstream whose options are each well formed. */
export function checkUpstreams({ sections: { upstreams } }: Parts): ConfigProblem[] {
  return Object.entries(upstreams ?? {}).flatMap(([name, { targets, ejection, tls }]) => {
    const at = ["upstreams", name] as const;
    const problems: ConfigProblem[] = [];
    if (ejection !== false && ejection.time > ejection.maxTime) {
      const than = `upstreams.${name}.ejection.maxTime (${formatDuration(ejection.maxTime)})`;
      problems.push(problem([...at, "ejection", "time"], `${formatDuration(ejection.time)} is longer than ${than}`));
    }
    if (tls === undefined) return problems;
    const clear = targets.findIndex((target) => target.startsWith("http:"));
    if (clear !== -1) {
      const remedy = "write https, or leave tls out";
      problems.push(problem([...at, "targets", clear], `${quote(targets[clear])} is asked in the clear: ${remedy}`));
    }
    if (tls.cert !== undefined && tls.key === undefined) {
      problems.push(problem([...at, "tls", "key"], "is required beside cert: the certificate's private key"));
    }
    if (tls.key !== undefined && tls.cert === undefined) {
      problems.push(problem([...at, "tls", "cert"], "is required beside key: the key's certificate"));
    }
    return problems;
  });
}
