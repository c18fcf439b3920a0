import type { Context } from "hono";
import { z } from "zod";
import { isJsonObject, isNestedWithin, type Json, mergePatch } from "../../sessions/merge-patch.ts";
import type { SessionData } from "../../stores/store.ts";
import { parseBody } from "../body.ts";
import { problemResponse } from "../problem.ts";
import type { PosternEnv } from "../request-facts.ts";
import type { Services } from "../services.ts";
import { authenticatePerson, type Person } from "./principal.ts";

/** How often a patch without `If-Match` is tried again when another one came between. */
const ATTEMPTS = 8;
/** Merging and writing go down into every level, and the stack has an end. */
const MAX_LEVELS = 100;
const JSON_TYPES = ["application/merge-patch+json"];
/** What has been parsed as JSON need not be copied: a copy would lose the name `__proto__`. */
const PatchBody = z
  .custom<Json>(isJsonObject, { error: "a JSON object", abort: true })
  .refine((patch) => isNestedWithin(patch, MAX_LEVELS), `at most ${MAX_LEVELS} levels of nesting`);

/** Names the session, too: at this one URL each has data of its own (RFC 9110 §8.8.3), and its versions begin anew. */
const entityTag = (sid: string, { version }: SessionData): string => `"${sid.slice(-8)}.${version}"`;

/** Whether a list of entity tags names this one (RFC 9110 §13.1). Ours are strong, so a weak one never matches `If-Match`. */
function names(list: string, tag: string): boolean {
  return list.split(",").some((entry) => entry.trim() === "*" || entry.trim() === tag);
}

/** `GET /auth/session/data`. */
export async function readSessionData(c: Context<PosternEnv>, services: Services): Promise<Response> {
  const authenticated = await authenticatePerson(c, services);
  if (!authenticated.ok) return problemResponse(authenticated.problem);
  const { sub, sid } = authenticated.person;
  const data = await services.store.sessionData({ sub, sid });
  if (data === null) return problemResponse({ code: "session_ended" });
  const unchanged = names((c.req.header("if-none-match") ?? "").replaceAll("W/", ""), entityTag(sid, data));
  return answer(sid, data, unchanged ? 304 : 200);
}

/** `PATCH /auth/session/data`: a JSON merge patch (RFC 7396) whose result is an object within the configured size. */
export async function patchSessionData(c: Context<PosternEnv>, services: Services): Promise<Response> {
  const authenticated = await authenticatePerson(c, services);
  if (!authenticated.ok) return problemResponse(authenticated.problem);
  const { config } = services;
  const body = await parseBody(c.req.raw, PatchBody, { maxBytes: config.sessions.dataMax, jsonTypes: JSON_TYPES });
  if (!body.ok) return problemResponse(body.problem);
  const ifMatch = c.req.header("if-match") ?? null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const written = await tryPatch(services, authenticated.person, body.value, ifMatch);
    if (written !== "conflict") return written;
  }
  return problemResponse({ code: "conflict", detail: "The data changes too often at once; try again." });
}

async function tryPatch(
  { config, store }: Services,
  { sub, sid }: Person,
  patch: Json,
  ifMatch: string | null,
): Promise<Response | "conflict"> {
  const data = await store.sessionData({ sub, sid });
  if (data === null) return problemResponse({ code: "session_ended" });
  if (ifMatch !== null && !names(ifMatch, entityTag(sid, data)))
    return problemResponse({ code: "precondition_failed" });
  const json = JSON.stringify(mergePatch(JSON.parse(data.json), patch));
  if (new TextEncoder().encode(json).byteLength > config.sessions.dataMax) {
    return problemResponse({ code: "too_large", detail: `A session keeps at most ${config.sessions.dataMax} bytes.` });
  }
  const written = await store.writeSessionData({ sub, sid, json, expected: data.version });
  if (written === null) return problemResponse({ code: "session_ended" });
  return written.ok ? answer(sid, { json, version: written.version }, 200) : "conflict";
}

function answer(sid: string, data: SessionData, status: 200 | 304): Response {
  const headers = { ETag: entityTag(sid, data), "Content-Type": "application/json" };
  return new Response(status === 304 ? null : data.json, { status, headers });
}
