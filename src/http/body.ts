import type { z } from "zod";
import type { Problem } from "../protocol/errors.ts";
import { headerOf, WholeRequest } from "./whole-request.ts";

/** A body that was read and has the right shape, or the problem to answer with. */
export type ParsedBody<T> =
  | { readonly ok: true; readonly value: T; readonly form: boolean }
  | { readonly ok: false; readonly problem: Problem };

export interface BodyOptions {
  /** Bytes at most, counted as they come. */
  readonly maxBytes: number;
  /** Whether `application/x-www-form-urlencoded` is taken besides JSON. */
  readonly form?: boolean;
  /** The value that stands for no body at all. */
  readonly whenEmpty?: unknown;
  /** Media types besides application/json whose content is JSON. */
  readonly jsonTypes?: readonly string[];
}

/** Reads a JSON or form body within its bound and checks its shape. */
export async function parseBody<T>(
  request: Request,
  schema: z.ZodType<T>,
  options: BodyOptions,
): Promise<ParsedBody<T>> {
  const bytes = await readBytes(request, options.maxBytes);
  if (bytes === null) return invalid({ code: "too_large", detail: `At most ${options.maxBytes} bytes are read.` });
  const type = (headerOf(request, "content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  const form = type === "application/x-www-form-urlencoded";
  const empty = bytes.byteLength === 0 && options.whenEmpty !== undefined;
  if (!empty && !(form && options.form === true) && type !== "application/json" && !options.jsonTypes?.includes(type)) {
    const expected = options.form === true ? "application/json or a form" : "application/json";
    return invalid({ code: "validation", detail: `The body must be ${expected}.` });
  }
  const raw = empty ? { ok: true as const, value: options.whenEmpty } : form ? readForm(bytes) : readJson(bytes);
  if (!raw.ok) return invalid({ code: "validation", detail: raw.detail });
  const parsed = schema.safeParse(raw.value);
  if (parsed.success) return { ok: true, value: parsed.data, form };
  const errors = parsed.error.issues.map(({ path, message }) => ({
    path: path.length === 0 ? "body" : path.map(String).join("."),
    expected: message,
  }));
  // The media type that curl and others send where none is named.
  const mistaken = form && bytes[0] === OPENING_BRACE;
  return invalid({ code: "validation", errors, ...(mistaken ? { detail: READ_AS_FORM } : {}) });
}

const OPENING_BRACE = 0x7b;
const READ_AS_FORM = "The body was read as a form, as its Content-Type says; JSON is sent as application/json.";

const invalid = (problem: Problem): { readonly ok: false; readonly problem: Problem } => ({ ok: false, problem });

/** The body's bytes, or null when there are more than `max`: a false Content-Length does not help (CVE-2026-44456). */
export async function readBytes(request: Request, max: number): Promise<Uint8Array | null> {
  if (request instanceof WholeRequest) return bounded(request.content ?? new Uint8Array(), max);
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    if (size > max) return null;
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

const bounded = (bytes: Uint8Array, max: number): Uint8Array | null => (bytes.byteLength > max ? null : bytes);

type Raw = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly detail: string };

function readJson(bytes: Uint8Array): Raw {
  try {
    return { ok: true, value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
  } catch {
    return { ok: false, detail: "The body is not JSON in UTF-8." };
  }
}

function readForm(bytes: Uint8Array): Raw {
  const value: Record<string, string> = Object.create(null);
  for (const [name, field] of new URLSearchParams(new TextDecoder().decode(bytes))) {
    if (name in value) return { ok: false, detail: "A form field stands twice." };
    value[name] = field;
  }
  return { ok: true, value: { ...value } };
}
