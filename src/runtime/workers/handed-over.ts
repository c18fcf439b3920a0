import type { IncomingRequest } from "../../app/decision.ts";
import type { Config } from "../../config/config.ts";
import type { Problem } from "../../protocol/errors.ts";

/** Whether a request to an endpoint of ours has a password hashed, and is another gateway's business for that. */
export function isHandedOver({ method, target }: IncomingRequest, { login, paths }: Config): boolean {
  if (login.origin === null || (method !== "POST" && method !== "PATCH")) return false;
  const path = target.split("?", 1)[0] ?? "";
  const { auth, admin } = paths;
  return (
    [`${auth}/login`, `${auth}/register`, `${auth}/password`].includes(path) || `${path}/`.startsWith(`${admin}/users/`)
  );
}

/** Asks the other gateway in the client's place. What is said about the way here is said anew. */
export async function handOver(
  request: Request,
  { target, peer }: IncomingRequest,
  { login, issuer }: Config,
): Promise<Response | Problem> {
  const headers = new Headers(request.headers);
  for (const name of ["forwarded", "cf-connecting-ip"]) headers.delete(name);
  headers.set("X-Forwarded-For", peer);
  headers.set("X-Forwarded-Proto", new URL(issuer).protocol.slice(0, -1));
  headers.set("X-Forwarded-Host", new URL(issuer).host);
  try {
    const answer = await fetch(`${login.origin}${target}`, {
      ...{ method: request.method, headers, body: request.body, redirect: "manual" },
    });
    return new Response(answer.body, answer);
  } catch {
    return { code: "upstream_failed", detail: "The gateway that logs in cannot be reached." };
  }
}
