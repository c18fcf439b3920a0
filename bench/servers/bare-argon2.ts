// The least that a login can cost: a bare Node answer and one argon2id check at Postern's default parameters.
import { createServer } from "node:http";
import { hash, verify } from "@node-rs/argon2";

const known = await hash("a password to check against", { memoryCost: 19_456, timeCost: 2, parallelism: 1 });

createServer((request, response) => {
  request.resume().on("end", async () => {
    const isRight = await verify(known, "a password to check against");
    response.writeHead(isRight ? 200 : 401, { "Content-Length": 0 }).end();
  });
}).listen(Number(process.env.PORT), "127.0.0.1");
