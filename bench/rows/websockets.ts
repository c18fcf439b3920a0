import { type Comparison, requestsFor } from "../comparison.ts";
import { bareNodeWebSocket } from "../contenders/bare-node.ts";
import { nginx } from "../contenders/nginx.ts";
import { posternDefaults } from "../contenders/postern.ts";
import { webSocketRequest } from "../load-plan.ts";

const CONNECTIONS = 32;

const row = (name: string, label: string, payload: number): Comparison => ({
  name: `websocket-${name}`,
  title: `WebSocket messages of ${label}`,
  note: `${CONNECTIONS} WebSockets, opened with a bearer token before the measurement; on each a binary message of ${label} is sent, its echo awaited, and the next sent. CPU is for a message and its echo.`,
  contenders: [bareNodeWebSocket, posternDefaults, nginx],
  yardstick: bareNodeWebSocket.name,
  upstream: "upstreams/echo.ts",
  counted: { one: "a message and its echo", many: "echoes", each: 1 },
  async plan({ port, users }, effort, last) {
    return {
      ports: [port],
      connections: CONNECTIONS,
      opening: { messages: (users ?? [null]).map(webSocketRequest), expect: 101 },
      requests: requestsFor({ ...effort, cpuTime: effort.cpuTime / 3 }, last, 5000),
      rate: null,
      send: { kind: "frames", payload },
      expect: 101,
    };
  },
});

export const webSockets: readonly Comparison[] = [row("100", "100 bytes", 100), row("64k", "64 kB", 64 * 1024)];
