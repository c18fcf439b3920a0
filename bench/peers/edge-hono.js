// The build that tutorials lead to on Workers: Hono and its jwt for every request, fetch as the proxy; with REDIS also one EXISTS a
// request, on a connection of the request's own: on this platform a socket belongs to the request that opened it.
import { connect } from "cloudflare:sockets";
import { Hono } from "hono";
import { verify } from "hono/jwt";

/** The least that asking can cost: one command written, one line read. A client's library does more. */
async function exists(port, key) {
  const socket = connect({ hostname: "127.0.0.1", port });
  const writer = socket.writable.getWriter();
  await writer.write(new TextEncoder().encode(`*2\r\n$6\r\nEXISTS\r\n$${key.length}\r\n${key}\r\n`));
  const reader = socket.readable.getReader();
  let reply = "";
  while (!reply.endsWith("\r\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error("Redis has gone");
    reply += new TextDecoder().decode(value);
  }
  await socket.close();
  return reply !== ":0\r\n";
}

/** Kept from request to request, which is kinder than what hono/jwt does with a JWK: that is imported for every token. */
let publicKey = null;
const keyOf = async (jwk) => {
  publicKey ??= await crypto.subtle.importKey("jwk", JSON.parse(jwk), { name: "ECDSA", namedCurve: "P-256" }, false, [
    "verify",
  ]);
  return publicKey;
};

const app = new Hono();
app.all("*", async (context) => {
  const { UPSTREAM, ISSUER, PUBLIC_JWK, REDIS } = context.env;
  const token = context.req.header("authorization")?.replace(/^Bearer /, "") ?? "";
  const expected = { alg: "ES256", typ: "at+jwt", iss: ISSUER, aud: ISSUER };
  const claims = await verify(token, await keyOf(PUBLIC_JWK), expected).catch(() => null);
  if (claims === null || !claims.scope.split(" ").includes("orders:read")) return context.body(null, 401);
  if (REDIS && (await exists(Number(REDIS), `revoked:${claims.jti}`))) return context.body(null, 401);
  const url = new URL(context.req.url);
  const headers = new Headers(context.req.raw.headers);
  headers.delete("authorization");
  headers.set("x-user", claims.sub);
  return fetch(`${UPSTREAM}${url.pathname}${url.search}`, {
    method: context.req.method,
    headers,
    body: context.req.raw.body,
  });
});
export default app;
