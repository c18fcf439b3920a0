import { z } from "zod";
import { SCHEMA } from "./schema.ts";

/** The parts of JSON Schema that the configuration's schema uses. */
export interface JsonSchema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly required?: readonly string[];
}

let made: JsonSchema | null = null;

/** JSON Schema (2020-12) of what a configuration file may hold. */
export function jsonSchema(): JsonSchema {
  made ??= z.toJSONSchema(SCHEMA, { io: "input" }) as JsonSchema;
  return made;
}

/** The options that there are in the object at a path. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  let schemas: readonly JsonSchema[] = [jsonSchema()];
  for (const key of path) {
    schemas = schemas.flatMap((schema) => {
      const inner = typeof key === "number" ? schema.items : (schema.properties?.[String(key)] ?? entry(schema));
      if (inner === undefined) return [];
      return [inner, ...(inner.anyOf ?? [])];
    });
  }
  return schemas.flatMap((schema) => Object.keys(schema.properties ?? {}));
}

const entry = ({ additionalProperties }: JsonSchema): JsonSchema | undefined =>
  typeof additionalProperties === "object" ? additionalProperties : undefined;
