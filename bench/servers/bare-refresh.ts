// The least that a refresh can cost: a bare Node answer and one ES256 signature over claims of an access token's size; with
// STORE also one durable transaction on an SQLite file, as the embedded store's settings have it; with REDIS one script that reads a
// session and writes what a rotation changes of it.
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { Redis } from "ioredis";

const { PORT, STORE, REDIS } = process.env;
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const claims = randomBytes(450).toString("base64url");
const SCRIPT = `
local session = redis.call('HGETALL', KEYS[1])
redis.call('HINCRBY', KEYS[1], 'generation', 1)
redis.call('HSET', KEYS[1], 'rotatedAt', ARGV[1], 'lastUsedAt', ARGV[1])
return session`;

const rotate = STORE ? openStore(STORE) : REDIS ? await openRedis(Number(REDIS)) : () => {};

function openStore(file: string): () => void {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  database.exec("CREATE TABLE sessions (id INTEGER PRIMARY KEY, generation INTEGER NOT NULL)");
  for (let id = 0; id < 1000; id++) database.exec(`INSERT INTO sessions VALUES (${id}, 0)`);
  const update = database.prepare("UPDATE sessions SET generation = generation + 1 WHERE id = ?");
  let turn = 0;
  return () => update.run(turn++ % 1000);
}

async function openRedis(port: number): Promise<() => Promise<unknown>> {
  const client = new Redis(port, "127.0.0.1");
  const hash = String(await client.script("LOAD", SCRIPT));
  let turn = 0;
  return () => client.evalsha(hash, 1, `session:${turn++ % 1000}`, Date.now());
}

createServer((request, response) => {
  const received: Buffer[] = [];
  request.on("data", (chunk) => received.push(chunk));
  request.on("end", async () => {
    const { refresh_token } = JSON.parse(Buffer.concat(received).toString());
    await rotate();
    const signature = sign("sha256", Buffer.from(claims), { key: privateKey, dsaEncoding: "ieee-p1363" });
    const body = JSON.stringify({ access_token: `${claims}.${signature.toString("base64url")}`, refresh_token });
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length }).end(body);
  });
}).listen(Number(PORT), "127.0.0.1");
