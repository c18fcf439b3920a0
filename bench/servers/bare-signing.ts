// The least that a refresh can cost: a bare Node answer and one ES256 signature over claims of an access token's size.
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { createServer } from "node:http";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const claims = randomBytes(450).toString("base64url");

createServer((request, response) => {
  const received: Buffer[] = [];
  request.on("data", (chunk) => received.push(chunk));
  request.on("end", () => {
    const { refresh_token } = JSON.parse(Buffer.concat(received).toString());
    const signature = sign("sha256", Buffer.from(claims), { key: privateKey, dsaEncoding: "ieee-p1363" });
    const body = JSON.stringify({ access_token: `${claims}.${signature.toString("base64url")}`, refresh_token });
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length }).end(body);
  });
}).listen(Number(process.env.PORT), "127.0.0.1");
