import type { Gateway } from "../../app/gateway.ts";
import { problemResponse } from "../../http/problem.ts";
import { securityHeaders } from "../../http/security-headers.ts";
import type { HeaderList } from "../../lib/header-list.ts";
import { corsHeaders } from "../../policy/cors.ts";
import type { Problem } from "../../protocol/errors.ts";
import type { Route } from "../../routing/route.ts";

/** Answers of the gateway's own on a proxied route. */
export interface Answers {
  /** `route`: null where there is none. */
  refuse(problem: Problem, request: HeaderList, route: Pick<Route, "cors"> | null): Response;
  answer(status: number, headers: HeaderList): Response;
}

export function createAnswers({ config }: Pick<Gateway, "config">): Answers {
  const secure = securityHeaders(config.origin).flat();

  function withLines(response: Response, lines: HeaderList): Response {
    for (let index = 0; index < lines.length; index += 2) {
      response.headers.append(lines[index] as string, lines[index + 1] as string);
    }
    return response;
  }

  return {
    refuse: (problem, request, route) =>
      withLines(problemResponse(problem), [...secure, ...corsHeaders(request, (route ?? config).cors)]),
    answer: (status, headers) => withLines(new Response(null, { status }), [...headers, ...secure]),
  };
}
