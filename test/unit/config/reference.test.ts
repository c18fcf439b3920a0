import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { effectiveInput } from "../../../src/config/effective.ts";
import { jsonSchema } from "../../../src/config/json-schema.ts";
import { parseConfig } from "../../../src/config/parse-config.ts";
import { referenceMarkdown, referenceSchema } from "../../../src/config/reference.ts";

const root = new URL("../../../", import.meta.url);
const outOfDate = "is out of date: npm run reference";

describe("the reference", () => {
  it("docs/configuration.md is what the schema says", async () => {
    const written = await readFile(new URL("docs/configuration.md", root), "utf8");
    expect(written === referenceMarkdown(), `docs/configuration.md ${outOfDate}`).toBe(true);
  });

  it("schema/postern.schema.json is what the schema says", async () => {
    const written = await readFile(new URL("schema/postern.schema.json", root), "utf8");
    expect(written === referenceSchema(), `schema/postern.schema.json ${outOfDate}`).toBe(true);
  });

  it("describes every option", () => {
    const undescribed: string[] = [];
    const visit = (path: string, schema: ReturnType<typeof jsonSchema>): void => {
      for (const [name, inner] of Object.entries(schema.properties ?? {})) {
        if ((inner.description ?? "") === "") undescribed.push(`${path}.${name}`);
        visit(`${path}.${name}`, inner);
      }
      if (schema.items !== undefined) visit(`${path}[]`, schema.items);
      if (typeof schema.additionalProperties === "object") visit(`${path}.NAME`, schema.additionalProperties);
      for (const alternative of schema.anyOf ?? []) visit(path, alternative);
    };
    visit("", jsonSchema());
    expect(undescribed).toEqual([]);
  });
});

describe("effectiveInput", () => {
  it("fills in every default and means the same", () => {
    const input = {
      issuer: "https://app.example.com",
      upstreams: { a: { targets: ["http://a:1"] } },
      routes: [{ path: "/a", upstream: "a", access: { roles: [] } }],
    };
    const filled = effectiveInput(input);
    expect(filled).toMatchObject({
      tokens: { access: { ttl: "5m" } },
      upstreams: { a: { connectTimeout: "5s" } },
      routes: [{ credentials: "bearer", access: { scopes: [] } }],
    });
    expect(parseConfig(filled)).toEqual(parseConfig(input));
  });
});
