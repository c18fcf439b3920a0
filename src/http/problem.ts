import type { Problem } from "../protocol/errors.ts";
import { problemBody } from "../protocol/problem-body.ts";

export function problemResponse(problem: Problem): Response {
  const { status, headers, body } = problemBody(problem);
  return new Response(body, { status, headers: headers.map(([name, value]) => [name, value]) });
}
