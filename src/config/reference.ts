import { type JsonSchema, jsonSchema } from "./json-schema.ts";

const INTRODUCTION = `# Configuration

<!-- Made by scripts/reference.ts from src/config/schema.ts. Do not edit. -->

Postern reads \`postern.config.ts\`, \`.js\` or \`.json\` from the working directory, or the file that \`--config\` names:

\`\`\`ts
import { defineConfig } from "postern";

export default defineConfig({
  issuer: "https://app.example.com",
  upstreams: { web: { targets: ["http://web:3000"] } },
  routes: [{ path: "/*", upstream: "web", access: "public" }],
});
\`\`\`

\`postern init\` writes a commented one, \`postern config check\` names everything that is wrong or odd with it, and
\`postern config print\` shows it with every default filled in. Only \`issuer\` is required. In JSON,
\`"$schema": "node_modules/postern/schema/postern.schema.json"\` lets editors complete it.

Durations are \`"250ms"\`, \`"15s"\`, \`"5m"\`, \`"12h"\`, \`"14d"\`, \`"2w"\`, or a number of milliseconds. Sizes are \`"512B"\`,
\`"64KiB"\`, \`"1MiB"\`, \`"1MB"\`, or a number of bytes. Options that are not listed here are refused.

## Environment

Secrets come from the environment only.

| variable | what |
| --- | --- |
| \`POSTERN_SECRET\` | At least 32 bytes. Signing keys are wrapped with keys derived from it, and refresh tokens are made with one. With the embedded store a missing one is made and kept beside the database (\`postern.db.secret\`, mode 0600); with Redis the start is refused. |
| \`POSTERN_SECRET_PREVIOUS\` | The secret before, while it is being changed: what it made stays good. |
| \`POSTERN_ADMIN_TOKEN\` | At least 32 characters. Whoever sends it as Bearer may use the admin API. |
| \`POSTERN_STORE\` | The store, in place of \`store\`: for a URL with a password. A relative file is meant from the working directory. |
`;

/** docs/configuration.md: every option with its meaning, its values and its default. */
export function referenceMarkdown(): string {
  const options = Object.entries(jsonSchema().properties ?? {});
  const general = options.filter(([, schema]) => rowsBelow("", schema).length === 0);
  const groups = options.filter((option) => !general.includes(option));
  const sections = [
    `## General\n\n${table(general.flatMap(([name, schema]) => rows(name, schema)))}`,
    ...groups.map(([name, schema]) => section(name, schema)),
  ];
  return [INTRODUCTION, ...sections].join("\n");
}

/** schema/postern.schema.json, with the member by which a file names it. */
export function referenceSchema(): string {
  const { properties, ...rest } = jsonSchema();
  const $schema = { type: "string", description: "Where this schema lies, for editors." };
  return `${JSON.stringify({ ...rest, properties: { $schema, ...properties } }, null, 2)}\n`;
}

type Row = readonly [option: string, what: string, value: string, standard: string];

function section(name: string, schema: JsonSchema): string {
  // A list, named entries, or a choice between a word and a group: what is written at the option itself needs a line too.
  const own = schema.properties === undefined ? [rowOf(name, schema)] : [];
  return `## ${name}\n\n${schema.description ?? ""}\n\n${table([...own, ...rowsBelow(name, schema)])}`;
}

function rows(path: string, schema: JsonSchema): readonly Row[] {
  const own = schema.properties === undefined ? [rowOf(path, schema)] : [];
  return [...own, ...rowsBelow(path, schema)];
}

function rowsBelow(path: string, schema: JsonSchema): readonly Row[] {
  const { properties = {}, items, additionalProperties: entry, anyOf = [] } = schema;
  return [
    ...Object.entries(properties).flatMap(([name, inner]) => rows(`${path}.${name}`, inner)),
    ...(items === undefined ? [] : rowsBelow(`${path}[]`, items)),
    ...(typeof entry === "object" ? rowsBelow(`${path}.NAME`, entry) : []),
    ...anyOf.flatMap((alternative) => rowsBelow(path, alternative)),
  ];
}

function rowOf(path: string, schema: JsonSchema): Row {
  const standard = schema.default === undefined ? "" : `\`${JSON.stringify(schema.default)}\``;
  return [`\`${path}\``, schema.description ?? "", schema.title ?? schema.type ?? "", standard];
}

function table(lines: readonly Row[]): string {
  const cells = (row: readonly string[]) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const head = [cells(["option", "what", "value", "default"]), "| --- | --- | --- | --- |"];
  return `${[...head, ...lines.map(cells)].join("\n")}\n`;
}
