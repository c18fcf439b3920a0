// The demo service of docker-compose.yml: says to whom it answers, which it knows from the gateway's signed assertion.
import { createServer } from "node:http";
import { createVerifier, IdentityRefused } from "postern/verifier";

const { ISSUER = "http://localhost:8080", GATEWAY = "http://gateway-1:8080", PORT = "3000" } = process.env;
const verifier = createVerifier({ issuer: ISSUER, audience: "shop", jwksUri: `${GATEWAY}/.well-known/jwks.json` });

const server = createServer((request, response) => {
  const answer = (status, body) =>
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  if (!request.url?.startsWith("/api/")) {
    answer(200, { says: "Everybody may read this." });
    return;
  }
  verifier.verify(String(request.headers["x-auth-identity"] ?? "")).then(
    ({ preferred_username: name, roles, scope }) => answer(200, { caller: { name, roles, scope } }),
    (error) => {
      const unavailable = error instanceof IdentityRefused && error.code === "unavailable";
      answer(unavailable ? 503 : 401, { error: "Nobody vouches for this request." });
    },
  );
});
server.listen(Number(PORT));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
