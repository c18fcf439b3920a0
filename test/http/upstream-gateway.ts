import { connect } from "node:net";
import type { Observation } from "../../src/observe/observation.ts";
import { type RawAnswer, rawRequest } from "../support/raw-http.ts";
import { OK, type RecordedConnection, startRecordingUpstream } from "../support/recording-upstream.ts";
import { waitUntil } from "../support/wait-until.ts";
import { startTestGateway } from "./proxy-gateway.ts";

type Told<K extends Observation["kind"]> = Extract<Observation, { kind: K }>;

/** A gateway that sends everything to one upstream. */
export interface UpstreamGateway {
  readonly url: string;
  readonly port: number;
  /** What has been told of upstreams. */
  told<K extends Observation["kind"]>(kind: K): Told<K>[];
  /** Resolves once something of this kind has been told that `check` accepts. */
  until<K extends Observation["kind"]>(kind: K, check: (event: Told<K>) => boolean): Promise<void>;
  ask(method?: string, headers?: readonly string[], body?: string): Promise<RawAnswer>;
  /** Sends a request and goes away when told to. */
  leave(): { go(): void };
}

const head = (method: string, headers: readonly string[]): string =>
  `${[`${method} /x HTTP/1.1`, "Host: client.example:1234", ...headers].join("\r\n")}\r\n\r\n`;

export async function gatewayTo(
  targets: readonly string[],
  options: Readonly<Record<string, unknown>> = {},
): Promise<UpstreamGateway> {
  const { url, port, observed } = await startTestGateway({
    upstreams: { up: { targets, slowStart: "0s", ...options } },
    routes: [{ path: "/*", upstream: "up", access: "public", websocket: true }],
  });
  const told = <K extends Observation["kind"]>(kind: K): Told<K>[] =>
    observed.filter((event): event is Told<K> => event.kind === kind);
  return {
    ...{ url, port, told },
    until: (kind, check) =>
      waitUntil(
        () => `${kind} was not told; but ${JSON.stringify(observed)}`,
        () => told(kind).some(check),
        10_000,
      ),
    ask: (method = "GET", headers = [], body = "") =>
      rawRequest(url, head(method, ["Connection: close", ...headers]) + body),
    leave() {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(head("GET", []));
      return { go: () => socket.destroy() };
    },
  };
}

export const answering =
  (text: string) =>
  ({ socket }: RecordedConnection): void =>
    void socket.end(text, "latin1");

export const status = (code: number): string => `HTTP/1.1 ${code} So\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;

/** Upstreams whose requests are held until they are let go. */
export async function startHolding() {
  const held: RecordedConnection[] = [];
  const up = await startRecordingUpstream((connection) => void held.push(connection));
  return {
    url: up.url,
    held,
    connections: up.connections,
    /** Resolves once so many requests have come in all. */
    holds: (count: number) =>
      waitUntil(
        () => `${held.length} requests are held, not ${count}`,
        () => held.length >= count,
        10_000,
      ),
    letGo: (index: number) => void held[index]?.socket.end(OK),
  };
}
