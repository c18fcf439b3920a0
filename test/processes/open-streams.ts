import { beforeAll, describe, expect, test } from "vitest";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { ALICE } from "../support/people.ts";
import { type OpenClient, openEvents, openWebSocket } from "../support/stream-clients.ts";
import { startStreamingUpstream } from "../support/streaming-upstream.ts";
import { Endings, type Victim } from "./endings.ts";
import type { GatewayPair, PairOptions } from "./gateway-pair.ts";

/** Routes to a service whose answers do not end. */
export async function streamingConfig(): Promise<Required<Pick<PairOptions, "config">>["config"]> {
  const { url } = await startStreamingUpstream();
  return {
    upstreams: { live: { targets: [url] } },
    routes: [
      { path: "/live/*", upstream: "live", access: "required", websocket: true },
      { path: "/page/*", upstream: "live", access: "required", websocket: true, credentials: "session" },
      { path: "/served/*", upstream: "live", access: "required", websocket: true, onStale: "serve" },
    ],
  };
}

const CUT = [4401, "token_revoked"];
/** An EventSource is cut off, comes back by itself, and is told to go. */
const TURNED_AWAY = [null, 401];

/** A WebSocket and an event stream at both gateways, under one token. */
export async function openAll({ a, b }: GatewayPair, { token }: Victim) {
  const headers = { authorization: `Bearer ${token}` };
  const sockets = await Promise.all([a, b].map(({ url }) => openWebSocket(`${url}/live/ws`, headers)));
  const events = await Promise.all([a, b].map(({ url }) => openEvents(`${url}/live/events`, headers)));
  return { sockets, events };
}

export const ends = <End>(clients: readonly OpenClient<End>[]): Promise<End[]> =>
  Promise.all(clients.map(({ end }) => end));

/** What is open on a gateway, by its own account. */
export async function openStreams({ operationsUrl }: GatewayProcess): Promise<string[]> {
  const text = await (await fetch(`${operationsUrl}/metrics`)).text();
  return text.split("\n").filter((line) => line.startsWith("postern_open_streams{"));
}

/** What holds of open streams at two gateways on one store, whatever store that is. */
export function describeOpenStreams(start: (options: PairOptions) => Promise<GatewayPair>): void {
  let pair: GatewayPair;
  const endings = new Endings(() => pair);
  beforeAll(async () => {
    pair = await start({ config: await streamingConfig() });
    await endings.addAlice();
  });

  describe("WebSockets and event streams at both gateways are cut by", () => {
    test.each(endings.all)("%s (ends: %s)", async (_, _ends, end) => {
      const victim = await endings.logIn();
      const { sockets, events } = await openAll(pair, victim);
      await Promise.all(sockets.map((socket) => socket.works()));
      await end(victim);
      expect(await ends(sockets)).toEqual([CUT, CUT]);
      expect(await ends(events)).toEqual([TURNED_AWAY, TURNED_AWAY]);
    });

    test("disabling the user", async () => {
      const { sockets, events } = await openAll(pair, await endings.logIn());
      await endings.changeUser({ disabled: true });
      expect(await ends(sockets)).toEqual([CUT, CUT]);
      expect(await ends(events)).toEqual([TURNED_AWAY, TURNED_AWAY]);
      await endings.changeUser({ disabled: false });
    });

    test("a command that revokes the user", async () => {
      const { sockets } = await openAll(pair, await endings.logIn());
      await endings.command("revoke", "--user", ALICE.name);
      expect(await ends(sockets)).toEqual([CUT, CUT]);
    });
  });

  test("those under cookies as well", async () => {
    const victim = await endings.logIn();
    const { url } = pair.b;
    const cookie = [...victim.atB.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const socket = await openWebSocket(`${url}/page/ws`, { cookie, origin: pair.a.issuer });
    await socket.works();
    await victim.atA.logout();
    expect(await socket.end).toEqual(CUT);
  });

  test("another session's go on, and are counted", async () => {
    const [leaving, staying] = [await endings.logIn(), await endings.logIn()];
    const [gone, kept] = [await openAll(pair, leaving), await openAll(pair, staying)];
    await leaving.atA.logout();
    await ends(gone.sockets);
    await ends(gone.events);
    for (const client of [...kept.sockets, ...kept.events]) {
      await client.works();
      expect(client.isOpen()).toBe(true);
    }
    for (const gateway of [pair.a, pair.b]) {
      expect(await openStreams(gateway)).toEqual([
        'postern_open_streams{kind="websocket"} 1',
        'postern_open_streams{kind="event_stream"} 1',
        'postern_open_streams{kind="response"} 0',
        'postern_open_streams{kind="download"} 0',
      ]);
    }
    for (const client of [...kept.sockets, ...kept.events]) client.close();
  });
}
