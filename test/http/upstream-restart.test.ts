import { createServer } from "node:http";
import { expect, test } from "vitest";
import { listen } from "../support/listen.ts";
import { startSteadyLoad } from "../support/steady-load.ts";
import { gatewayTo } from "./upstream-gateway.ts";

const CLIENTS = 8;

/** A service on this port that answers a little later than at once, so that ending it meets requests under way. */
async function startService(port?: number) {
  const server = createServer((_, response) => void setImmediate(() => response.end("ok")));
  const listening = await listen(server, port);
  let asked = 0;
  server.on("request", () => void asked++);
  return { ...listening, url: `http://127.0.0.1:${listening.port}`, asked: () => asked };
}

test("a target is killed under load and comes back: no GET notices", async () => {
  const services = [await startService(), await startService()];
  const [one, two] = services.map(({ url }) => url);
  const gateway = await gatewayTo([one ?? "", two ?? ""], { ejection: { time: "100ms" } });
  const load = startSteadyLoad({
    ...{ origin: () => gateway.url, path: "/x", clients: CLIENTS },
    expects: (body) => body === "ok",
  });
  await load.more(200);
  await services[0]?.close();
  await gateway.until("upstream_target", ({ state }) => state === "ejected");
  await load.more(200);
  const back = await startService(services[0]?.port);
  await gateway.until("upstream_target", ({ state, target }) => state === "up" && target === one);
  while (back.asked() < CLIENTS) await load.more(10);
  await load.stop();
  expect(load.failures).toEqual([]);
});
