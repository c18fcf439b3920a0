import type { Parts } from "./parts.ts";
import { type ConfigProblem, type Path, problem } from "./problems.ts";
import type { ParsedInput } from "./schema.ts";
import { quote } from "./values.ts";

type Route = Parts["routes"][number];

/** The prefixes of a route in the light of its path. */
export function checkRewriting(
  { path, stripPrefix, addPrefix, allowAmbiguousPath }: Route,
  at: Path,
): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (typeof stripPrefix === "string" && path !== null && !`${path}/`.startsWith(`${stripPrefix}/`)) {
    problems.push(problem([...at, "stripPrefix"], `is not the beginning of the route's path ${quote(path)}`));
  }
  const rewrites = typeof stripPrefix === "string" || typeof addPrefix === "string";
  if (rewrites && allowAmbiguousPath === true) {
    const message = "is not for paths that are rewritten: what the service reads would not be what was authorised";
    problems.push(problem([...at, "allowAmbiguousPath"], message));
  }
  return problems;
}

/** Every site may be let in by itself and without credentials only. */
export function checkCors({ cors }: Route, at: Path): readonly ConfigProblem[] {
  if (typeof cors !== "object" || cors === null || !cors.origins.includes("*")) return [];
  if (cors.origins.length > 1)
    return [problem([...at, "cors", "origins"], '"*" is every origin: leave the others out')];
  if (!cors.credentials) return [];
  const message = 'must be false where origins is ["*"]: every site would act for the user';
  return [problem([...at, "cors", "credentials"], message)];
}

/** The names of changed headers in the light of each other, and of those that carry the identity. */
export function checkHeaderRules(
  { requestHeaders, responseHeaders }: Route,
  { identityHeaders }: { readonly identityHeaders: ParsedInput["identityHeaders"] | null },
  at: Path,
): readonly ConfigProblem[] {
  const identity = Object.values(identityHeaders ?? {}).map((name) => name.toLowerCase());
  return Object.entries({ requestHeaders, responseHeaders }).flatMap(([option, rules]) => {
    const set = Object.keys(rules?.set ?? {});
    const named = [
      ...set.map((name) => ({ name, path: [...at, option, "set", name] })),
      ...(rules?.remove ?? []).map((name, index) => ({ name, path: [...at, option, "remove", index] })),
    ];
    const taken = named.filter(({ name }) => option === "requestHeaders" && identity.includes(name.toLowerCase()));
    const repeated = set.filter((name, index) => lower(set).indexOf(name.toLowerCase()) !== index);
    return [
      ...taken.map(({ path }) => problem(path, "carries the verified identity: identityHeaders names it")),
      ...repeated.map((name) => problem([...at, option, "set", name], "is set twice: names have no case")),
    ];
  });
}

const lower = (names: readonly string[]): readonly string[] => names.map((name) => name.toLowerCase());
