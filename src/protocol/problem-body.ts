import { PROBLEMS, type Problem } from "./errors.ts";

/** A problem document (RFC 9457) with its headers as name-value pairs. */
export interface ProblemBody {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

const seconds = (exact: number): number => Math.max(1, Math.ceil(exact));

/** `Retry-After` for every 503, unless the problem names another number of seconds. */
const RETRY_AFTER = 1;

export function problemBody(problem: Problem): ProblemBody {
  const { status, title } = PROBLEMS[problem.code];
  const headers: [string, string][] = [
    ["Content-Type", "application/problem+json"],
    ["Cache-Control", "no-store"],
  ];
  const retryAfter = problem.retryAfter ?? (status === 503 ? RETRY_AFTER : null);
  if (retryAfter !== null) headers.push(["Retry-After", String(seconds(retryAfter))]);
  if (problem.quota !== undefined) {
    // draft-ietf-httpapi-ratelimit-headers-10: nothing remains (r) for so many seconds (t).
    const { by, requests, window } = problem.quota;
    headers.push(["RateLimit-Policy", `"${by}";q=${requests};w=${seconds(window / 1000)}`]);
    headers.push(["RateLimit", `"${by}";r=0;t=${seconds(retryAfter ?? window / 1000)}`]);
  }
  if (problem.challenge !== undefined) headers.push(["WWW-Authenticate", problem.challenge]);
  if (problem.allow !== undefined) headers.push(["Allow", problem.allow]);
  const body = {
    type: `urn:problem-type:postern:${problem.code}`,
    title,
    status,
    code: problem.code,
    ...(problem.detail === undefined ? {} : { detail: problem.detail }),
    ...(problem.errors === undefined ? {} : { errors: problem.errors }),
  };
  return { status, headers, body: JSON.stringify(body) };
}
