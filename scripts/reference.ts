// Writes docs/configuration.md and schema/postern.schema.json from the configuration's schema: npm run reference
import { mkdir, writeFile } from "node:fs/promises";
import { referenceMarkdown, referenceSchema } from "../src/config/reference.ts";

const root = new URL("../", import.meta.url);
await mkdir(new URL("schema/", root), { recursive: true });
await writeFile(new URL("docs/configuration.md", root), referenceMarkdown());
await writeFile(new URL("schema/postern.schema.json", root), referenceSchema());
