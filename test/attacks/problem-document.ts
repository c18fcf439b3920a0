import { expect } from "vitest";
import { z } from "zod";
import { PROBLEMS, type ProblemCode } from "../../src/protocol/errors.ts";
import type { Answer } from "../support/http-client.ts";

/** The schema of RFC 9457 (appendix A), with the extension members that Postern has and no others. */
const PROBLEM = z.strictObject({
  type: z.union([z.literal("about:blank"), z.url(), z.string().regex(/^urn:[a-z0-9][a-z0-9-]+:[a-z0-9._:-]+$/)]),
  title: z.string().min(1),
  status: z.int().min(400).max(599),
  code: z.string().regex(/^[a-z_]{3,}$/),
  detail: z.string().min(1).optional(),
  errors: z.array(z.strictObject({ path: z.string(), expected: z.string() })).optional(),
});

export const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEMS, code);

/** Checks an error answer of Postern's own, and tells its code. */
export function expectProblem(answer: Pick<Answer, "status" | "headers" | "text">, why = ""): ProblemCode {
  expect(answer.headers["content-type"], why).toBe("application/problem+json");
  const problem = PROBLEM.parse(JSON.parse(answer.text));
  const { code, status, type, title } = problem;
  if (!isProblemCode(code)) throw new Error(`${code} is no code of the contract`);
  expect(status, why).toBe(answer.status);
  if (type === "about:blank") return code;
  expect({ status, type, title }, why).toEqual({ ...PROBLEMS[code], type: `urn:problem-type:postern:${code}` });
  expect(answer.headers["cache-control"], why).toBe("no-store");
  expect("retry-after" in answer.headers, why).toBe(status === 503 || status === 429);
  return code;
}
