// A fleet on one machine: Redis, two gateways that share it, and a demo service. `node examples/fleet/start.ts` in a checkout.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { startUpstream } from "../quickstart/upstream.ts";
import { crossing, type Fleet, makeUser, USER } from "./crossing.ts";
import { GATEWAYS, issuer, ports, redisPort, servicePort } from "./postern.config.ts";
import { CONFIG, ready, startGateway, startRedis, stopAll } from "./processes.ts";

const secret = (): string => randomBytes(32).toString("base64url");
const adminToken = secret();
const password = secret();
const env = { ...process.env, POSTERN_SECRET: secret(), POSTERN_ADMIN_TOKEN: adminToken };
const numbers = Array.from({ length: GATEWAYS }, (_, number) => number);
const fleet: Fleet = {
  gateways: numbers.map((number) => `http://127.0.0.1:${ports(number).main}`),
  operations: `http://127.0.0.1:${ports(0).operations}`,
  adminToken,
};

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stopAll);
const service = await startUpstream(issuer, servicePort);
const redis = await startRedis(redisPort);
const gateways = numbers.map((number) => startGateway(number, env));
const ended = Promise.all([redis, ...gateways].map((child) => once(child, "exit").catch(() => {})));
try {
  await Promise.all(gateways.map((gateway, number) => ready(gateway, ports(number).operations)));
  await makeUser(fleet, password);
  const milliseconds = await crossing(fleet, password);
  console.log(greeting(milliseconds));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error("redis-server must be in the PATH, and ports be free: FLEET_PORT=9300 names the first of six.");
  process.exitCode = 1;
  stopAll();
}
await ended;
service.close();
service.closeAllConnections();

function greeting(milliseconds: number): string {
  const [first = "", second = ""] = fleet.gateways;
  return `
Two gateways are up, at ${first}/ and ${second}/, on the Redis at port ${redisPort}.

  A logout at the first was refused at the second ${milliseconds.toFixed(1)} ms after its acknowledgement.

  In a terminal: log in at the one, be served by the other

    token=$(curl -s ${first}/auth/login -H 'Content-Type: application/json' \\
      -d '{"username":"${USER}","password":"${password}","refresh":"body"}' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
    curl -s ${second}/api/orders -H "Authorization: Bearer $token"

  See the gateways and how far each has read; end all of the user's sessions, and wait until both refuse them

    export POSTERN_SECRET=${env.POSTERN_SECRET} FLEET_PORT=${ports(0).main}
    npm run -s postern -- nodes --config ${CONFIG}
    npm run -s postern -- revoke --user ${USER} --wait --config ${CONFIG}

  Take Redis away (kill ${redis.pid}): tokens pass for a minute, what needs the store is 503.

  Ctrl-C stops all of it, and nothing is kept.
`;
}
