// A password takes long to check and the queue for it is short. An attacker sends logins and hangs up at once: it costs them next to
// nothing, and if the gateway went on hashing for nobody, everybody else would be told to come back later. Whoever has gone leaves
// the queue; a check that has begun is finished, and counts.
// SECURITY: PW9 (CWE-400); docs/security.md.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import type { Passwords } from "../../src/accounts/passwords.ts";
import { ALICE } from "../support/people.ts";
import { waitUntil } from "../support/wait-until.ts";
import { attackedGateway } from "./attacked-gateway.ts";
import { countedHashing } from "./counted-hashing.ts";

const hashing = countedHashing();
let queue: Passwords | null = null;
const subject = await attackedGateway(
  { passwords: { concurrency: 1, queue: 3 }, login: { limits: { perAccount: { attempts: 3 } } } },
  undefined,
  {
    passwords(options) {
      queue = hashing.passwords(options);
      return queue;
    },
  },
);

async function startLogin(): Promise<Socket> {
  const { hostname, port } = new URL(subject.url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  const body = JSON.stringify({ username: "nobody", password: ALICE.password, refresh: "body" });
  const head = ["POST /auth/login HTTP/1.1", "Host: shop", "Content-Type: application/json"];
  socket.write([...head, `Content-Length: ${body.length}`, "", body].join("\r\n"));
  return socket;
}

const queued = (active: number, waiting: number): Promise<void> =>
  waitUntil(
    () => `the queue is ${JSON.stringify(queue?.load())}`,
    () => queue?.load().active === active && queue.load().waiting === waiting,
  );

test("whoever hangs up leaves the queue, and is no error and no failed attempt", async () => {
  hashing.work.length = 0;
  const release = hashing.hold();
  const first = await startLogin();
  await queued(1, 0);
  for (let round = 0; round < 4; round++) {
    const sockets = await Promise.all([startLogin(), startLogin()]);
    await queued(1, 2);
    for (const socket of sockets) socket.resetAndDestroy();
    await queued(1, 0);
  }
  const alice = subject.browser().login(ALICE.name, ALICE.password);
  await queued(1, 1);
  first.resetAndDestroy();
  release();
  expect((await alice).status).toBe(200);
  expect(hashing.work).toHaveLength(2);
  expect((await subject.observed()).filter(({ kind }) => kind === "internal_error")).toEqual([]);
  // Of nine attempts on one name the one that was checked has counted.
  expect((await subject.browser().login("nobody", ALICE.password)).status).toBe(401);
});
