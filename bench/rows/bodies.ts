import { type Comparison, requestsFor } from "../comparison.ts";
import { bareNode } from "../contenders/bare-node.ts";
import { haproxyEs256 } from "../contenders/haproxy.ts";
import { nginx } from "../contenders/nginx.ts";
import { posternDefaults } from "../contenders/postern.ts";
import { download, type Messages, upload } from "../load-plan.ts";
import type { Measurement } from "../measure.ts";

const CONNECTIONS = 32;
const KB = 1024;
const MB = 1e6;

/** Megabytes of the process: before the first round, after the last, and at most in any. */
const resident = {
  title: "resident MB, before → after (peak)",
  cell: (rounds: readonly Measurement[]): string => {
    const [before = 0, after = 0] = [rounds[0]?.resident.before, rounds.at(-1)?.resident.after];
    const peak = Math.max(...rounds.map((round) => round.resident.peak));
    const [from, to, most] = [before, after, peak].map((bytes) => Math.round(bytes / 1e6));
    return `${from} → ${to} (${most})`;
  },
};

interface Size {
  readonly name: string;
  readonly label: string;
  readonly bytes: number;
  /** How many requests to begin with. */
  readonly first: number;
}

const LARGE: Size = { name: "10m", label: "10 MB", bytes: 10 * MB, first: 100 };
const MIDDLE: Size = { name: "64k", label: "64 kB", bytes: 64 * KB, first: 2000 };
const SMALL: Size = { name: "1k", label: "1 kB", bytes: KB, first: 4000 };

type Way = "download" | "upload";

const messages = (way: Way, bytes: number, tokens: readonly (string | null)[]): Messages =>
  way === "download"
    ? { kind: "list", messages: tokens.map((token) => download(token, bytes)) }
    : { kind: "list", messages: tokens.map((token) => upload(token, bytes)), body: bytes };

const row = (way: Way, size: Size): Comparison => ({
  name: `${way}-${size.name}`,
  title: way === "download" ? `Answers of ${size.label}` : `Requests with a body of ${size.label}`,
  note:
    way === "download"
      ? `GET with a bearer token seen before, ${CONNECTIONS} keep-alive connections, of which each has one answer of ${size.label} under way.`
      : `POST with a bearer token seen before and a body of ${size.label}, answered with 1 kB; ${CONNECTIONS} keep-alive connections, of which each has one body under way.`,
  contenders: [bareNode, posternDefaults, nginx, haproxyEs256],
  yardstick: bareNode.name,
  upstream: "upstreams/bodies.ts",
  ...(size.bytes >= MB ? { counted: { one: "a MB", many: "MB", each: size.bytes / MB } } : {}),
  columns: [resident],
  async plan({ port, users }, effort, last) {
    return {
      ports: [port],
      connections: CONNECTIONS,
      requests: requestsFor({ ...effort, cpuTime: effort.cpuTime / 3 }, last, size.first),
      rate: null,
      send: messages(way, size.bytes, users ?? [null]),
      expect: 200,
    };
  },
});

/** What a body costs, both ways; that of 1 kB in an answer is the main row. */
export const bodies: readonly Comparison[] = [
  row("upload", SMALL),
  row("download", MIDDLE),
  row("upload", MIDDLE),
  row("download", LARGE),
  row("upload", LARGE),
];
