import { isJsonObject, type JsonObject } from "../lib/json-object.ts";
import { type JsonSchema, jsonSchema } from "./json-schema.ts";

/** A configuration that is good, as it was written, with every default filled in. */
export function effectiveInput(input: unknown): JsonObject {
  return isJsonObject(input) ? fillObject(jsonSchema(), input) : {};
}

function fill(schema: JsonSchema, value: unknown): unknown {
  const { items } = schema;
  if (Array.isArray(value)) return items === undefined ? value : value.map((item) => fill(items, item));
  if (!isJsonObject(value)) return value;
  const alternatives = [schema, ...(schema.anyOf ?? [])];
  const object = alternatives.find(({ properties }) => properties !== undefined);
  return fillObject(object ?? schema, value);
}

function fillObject(schema: JsonSchema, value: JsonObject): Record<string, unknown> {
  const { properties, additionalProperties: entry } = schema;
  if (properties === undefined) {
    if (typeof entry !== "object") return { ...value };
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fill(entry, member)]));
  }
  const members = Object.entries(properties).map(([name, inner]) => [name, fill(inner, value[name] ?? inner.default)]);
  return Object.fromEntries(members.filter(([, member]) => member !== undefined));
}
