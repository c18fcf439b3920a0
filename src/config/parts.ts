import { z } from "zod";
import { isJsonObject, type JsonObject } from "../lib/json-object.ts";
import { type ConfigProblem, toProblems } from "./problems.ts";
import { type ParsedInput, SCHEMA, SHAPE } from "./schema.ts";
import { ROUTE } from "./schema-routes.ts";

type Route = ParsedInput["routes"][number];

/** What could be read: a member is null where it has mistakes of its own. */
type Readable<T> = { readonly [K in keyof T]: T[K] | null };

/** What could be read of a configuration, part by part: so that one mistake does not hide another. */
export interface Parts {
  readonly sections: Readable<ParsedInput>;
  readonly routes: readonly Readable<Route>[];
  /** Names as written, good or not: null where they are not written as names at all. */
  readonly roleNames: readonly string[] | null;
  readonly upstreamNames: readonly string[] | null;
}

export type PartsResult =
  | { readonly ok: true; readonly parsed: ParsedInput; readonly parts: Parts }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[]; readonly parts: Parts };

export function readParts(input: unknown): PartsResult {
  const result = SCHEMA.safeParse(input, { reportInput: true });
  const parts = splitParts(isJsonObject(input) ? input : {});
  return result.success
    ? { ok: true, parsed: result.data, parts }
    : { ok: false, problems: toProblems(result.error.issues), parts };
}

function splitParts(input: JsonObject): Parts {
  const routes = Array.isArray(input.routes) ? input.routes : [];
  return {
    sections: readEach(SHAPE, input) as Readable<ParsedInput>,
    routes: routes.map((route) => readEach(ROUTE, route) as Readable<Route>),
    roleNames: names(input.roles),
    upstreamNames: names(input.upstreams),
  };
}

function readEach(shape: z.ZodRawShape, input: unknown): Record<string, unknown> {
  const members = isJsonObject(input) ? input : {};
  return Object.fromEntries(
    Object.entries(shape).map(([key, schema]) => {
      const result = z.safeParse(schema, members[key]);
      return [key, result.success ? result.data : null];
    }),
  );
}

function names(section: unknown): readonly string[] | null {
  if (section === undefined) return [];
  return isJsonObject(section) ? Object.keys(section) : null;
}
