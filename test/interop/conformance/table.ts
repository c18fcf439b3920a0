import type { Case, Section } from "./case.ts";
import { PROXIES } from "./pass-through.ts";

/** What each proxy made of a case, in the order of `PROXIES`. */
export type Outcome = readonly string[];

/** Whether all of them made the same of it; names of fields have no case. */
export const agree = (outcome: Outcome): boolean => new Set(outcome.map((cell) => cell.toLowerCase())).size === 1;

const INTRODUCTION = `# Conformance

What Postern, nginx and HAProxy (Debian's, passing everything on) make of the same bytes, as a service behind them sees it. Written by
\`test/interop/conformance.test.ts\`, which sends each case to all three and fails where one of them does something else
(\`npx vitest run test/interop/conformance.test.ts -u\` writes this page anew).

A cell says what the client was answered, and then what the service was asked: the request line, the Host where it is not the one that was
sent, how the body was framed, and the fields besides those that each proxy says anew. *closed* is a connection that ended without an answer.
`;

/** The page, from what was observed. */
export function renderPage(
  sections: readonly { readonly section: Section; readonly outcomes: readonly Outcome[] }[],
): string {
  const tables = sections.map(({ section: { title, cases }, outcomes }) => {
    const rows = cases.map((one, index) => row(one, outcomes[index] ?? []));
    const head = [`| ${["sent", ...PROXIES, "why"].join(" | ")} |`, "| --- | --- | --- | --- | --- |"];
    return [`## ${title}`, "", ...head, ...rows, ""].join("\n");
  });
  return [INTRODUCTION, ...tables].join("\n");
}

function row({ name, why }: Case, outcome: Outcome): string {
  const cells = agree(outcome) ? [outcome[0] ?? "", "the same", "the same"] : outcome;
  return `| ${[name, ...cells.map(cell), why ?? ""].join(" | ")} |`;
}

const cell = (text: string): string => (text === "the same" ? text : `\`${text.replaceAll("|", "\\|")}\``);
