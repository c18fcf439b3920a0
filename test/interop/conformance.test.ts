import { beforeAll, describe, expect, test } from "vitest";
import { readVectors } from "../support/vectors.ts";
import { BODIES, GADGETS, gadget } from "./conformance/framing.ts";
import { FIELDS, HOSTS, METHODS, TARGETS } from "./conformance/heads.ts";
import { type Observe, PROXIES, passThrough } from "./conformance/pass-through.ts";
import { agree, type Outcome, renderPage } from "./conformance/table.ts";

const SECTIONS = [GADGETS, BODIES, TARGETS, HOSTS, FIELDS, METHODS];

const started = await Promise.all(PROXIES.map(passThrough));
const proxies = started.filter((proxy): proxy is Observe => proxy !== null);

const outcomeOf = (bytes: string): Promise<Outcome> => Promise.all(proxies.map((observe) => observe(bytes)));

/** Which fields a gadget has besides is as many as there are gadgets. */
const kindOf = (outcome: Outcome): string =>
  outcome.map((cell) => cell.replace(/, ".*"/s, ", and a field")).join(" | ");

describe.skipIf(proxies.length < PROXIES.length)("the same bytes, through Postern, nginx and HAProxy", () => {
  const observed: { section: (typeof SECTIONS)[number]; outcomes: Outcome[] }[] = [];

  beforeAll(async () => {
    for (const section of SECTIONS) {
      const outcomes: Outcome[] = [];
      for (const { bytes } of section.cases) outcomes.push(await outcomeOf(bytes));
      observed.push({ section, outcomes });
    }
  });

  test("docs/conformance.md says what each made of them", async () => {
    const page = new URL("../../docs/conformance.md", import.meta.url).pathname;
    await expect(renderPage(observed)).toMatchFileSnapshot(page);
  });

  test("every difference has its reason, and nothing else has one", () => {
    const wrong = observed.flatMap(({ section, outcomes }) =>
      section.cases.filter(({ why }, index) => agree(outcomes[index] ?? []) === (why !== undefined)),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  test("no service sees a second request in what its client sent as one", () => {
    const seen = observed.flatMap(({ outcomes }) => outcomes.flat());
    expect(seen.filter((cell) => cell.includes("smuggled"))).toEqual([]);
  });

  test.each(["default", "doubles"])("known smuggling gadgets (%s) come out as one of those do", async (name) => {
    const text = readVectors(`smuggler/${name}.json`);
    if (text === null) return;
    const kinds = new Set(observed[0]?.outcomes.map(kindOf));
    const gadgets: Readonly<Record<string, string>> = JSON.parse(text);
    for (const [called, encoded] of Object.entries(gadgets)) {
      const outcome = await outcomeOf(gadget(Buffer.from(encoded, "base64").toString("latin1")));
      expect(kinds, called).toContain(kindOf(outcome));
    }
  });
});
