import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { atEnd } from "./at-end.ts";

/** Stands on a TCP connection between Postern and what it needs, and does what networks do. */
export interface FaultProxy {
  readonly port: number;
  /** From now on every answer comes so many milliseconds later. */
  delay(milliseconds: number): void;
  /** From now on connections stay open, and nothing that is sent arrives, in either direction. */
  blackHole(): void;
  /** Resets every connection, and each new one as soon as it is made. */
  cut(): void;
  /** Resets every connection and hands new ones to this port: what a name or an address does that moves to another server. */
  moveTo(port: number): void;
  /** Ends `delay`, `blackHole` and `cut`. Connections out of which bytes are missing are reset. */
  heal(): void;
  /** The next request that holds `text` arrives and nothing comes back, on a connection that stays open. Resolves at the answer. */
  keepReply(text: string): Promise<void>;
  /**
   * The next request that holds `text` arrives and its answer does not: the connection is reset instead. Resolves when the server
   * has read all that was sent, and ended its side.
   */
  loseReply(text: string): Promise<void>;
  /** The next request that holds `text` does not arrive: its connection is reset. Resolves when that has been done. */
  loseRequest(text: string): Promise<void>;
  /** The next request that holds `text` is kept, with what follows on its connection, until `release`. */
  hold(text: string): HeldRequest;
}

export interface HeldRequest {
  /** Resolves when the request is here. */
  readonly held: Promise<void>;
  /** Sends it on, whether or not its client still waits. Resolves when the server has read it and ended its side. */
  release(): Promise<void>;
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** What is kept back from the server; null where nothing is. */
  kept: Buffer[] | null;
  /** What the client has not been handed yet, oldest first. */
  readonly answers: Buffer[];
  /** Bytes are missing from it. */
  torn: boolean;
}

interface Rule {
  readonly text: string;
  act(link: Link, chunk: Buffer): void;
}

/** Listens on a free port of 127.0.0.1 and hands everything to `port` there, until told otherwise. Closed when the test file ends. */
export async function startFaultProxy(port: number): Promise<FaultProxy> {
  let target = port;
  const links = new Set<Link>();
  let rules: readonly Rule[] = [];
  let latency = 0;
  let mode: "through" | "black hole" | "cut" = "through";

  function fromClient(link: Link, chunk: Buffer): void {
    if (mode === "black hole") {
      link.torn = true;
      return;
    }
    if (link.kept !== null) {
      link.kept.push(chunk);
      return;
    }
    const rule = rules.find(({ text }) => chunk.includes(text));
    if (rule === undefined) {
      link.server.write(chunk);
      return;
    }
    rules = rules.filter((other) => other !== rule);
    rule.act(link, chunk);
  }

  function fromServer(link: Link, chunk: Buffer): void {
    if (mode === "black hole") link.torn = true;
    else if (latency === 0 && link.answers.length === 0) link.client.write(chunk);
    else {
      link.answers.push(chunk);
      setTimeout(() => answer(link), latency);
    }
  }

  /** Never past an older answer: a network may be slow, and keeps the order. */
  function answer(link: Link): void {
    const chunk = link.answers.shift();
    if (chunk !== undefined) link.client.write(chunk);
  }

  function reset(link: Link): void {
    link.client.resetAndDestroy();
    link.server.resetAndDestroy();
  }

  /** The client is gone; the server gets what was sent to it and is read to its end. */
  async function finish(link: Link): Promise<void> {
    link.torn = true;
    link.client.resetAndDestroy();
    link.server.removeAllListeners("data").resume();
    if (link.server.closed) return;
    const closed = once(link.server, "close");
    link.server.end();
    await closed;
  }

  const server = createServer({ noDelay: true }, (client) => {
    if (mode === "cut") {
      client.on("error", () => {});
      client.resetAndDestroy();
      return;
    }
    const onward = connect({ port: target, host: "127.0.0.1", noDelay: true });
    const link: Link = { client, server: onward, kept: null, answers: [], torn: false };
    links.add(link);
    client.on("data", (chunk) => fromClient(link, chunk));
    link.server.on("data", (chunk) => fromServer(link, chunk));
    for (const side of [client, link.server]) side.on("error", () => {});
    client.on("close", () => {
      links.delete(link);
      // What is kept back still goes to the server when it is released.
      if (link.kept === null && !link.torn) link.server.destroy();
    });
    link.server.on("close", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  atEnd(async () => {
    for (const link of links) reset(link);
    server.close();
  });

  function rule(text: string, act: (link: Link, chunk: Buffer) => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      rules = [...rules, { text, act: (link, chunk) => void act(link, chunk).then(resolve, reject) }];
    });
  }

  return {
    port: (server.address() as AddressInfo).port,
    delay(milliseconds) {
      latency = milliseconds;
    },
    blackHole() {
      mode = "black hole";
    },
    cut() {
      mode = "cut";
      for (const link of links) reset(link);
    },
    moveTo(port) {
      target = port;
      for (const link of links) reset(link);
    },
    heal() {
      mode = "through";
      latency = 0;
      for (const link of links) if (link.torn) reset(link);
    },
    keepReply: (text) =>
      rule(text, async (link, chunk) => {
        link.torn = true;
        link.server.removeAllListeners("data");
        link.server.write(chunk);
        await once(link.server, "data");
      }),
    loseReply: (text) =>
      rule(text, (link, chunk) => {
        link.server.write(chunk);
        return finish(link);
      }),
    loseRequest: (text) => rule(text, async (link) => reset(link)),
    hold(text) {
      let caught: Link | null = null;
      const held = rule(text, async (link, chunk) => {
        caught = link;
        link.kept = [chunk];
      });
      return {
        held,
        async release() {
          if (caught === null) throw new Error(`no request that holds ${JSON.stringify(text)} has come`);
          for (const chunk of caught.kept ?? []) caught.server.write(chunk);
          caught.kept = null;
          await finish(caught);
        },
      };
    },
  };
}
