import { Agent, type Dispatcher } from "undici";

export interface SteadyLoad {
  /** Requests that have been answered as they should be. */
  readonly answered: number;
  /** What went wrong, in words; no more than the first of it. */
  readonly failures: readonly string[];
  /** Resolves once so many more requests have been answered. */
  more(count: number): Promise<void>;
  /** Resolves when the last request has been answered. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  /** Where the next request goes. */
  readonly origin: () => string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Requests at a time, each on a connection that is kept as long as the server lets it. */
  readonly clients?: number;
  /** What a good answer's body is. */
  readonly expects: (body: string) => boolean;
  readonly ca?: string;
}

const SHOWN = 10;

/** Clients that ask one thing after another over kept connections, and repeat nothing: each failure counts. */
export function startSteadyLoad({ origin, path, headers = {}, clients = 4, expects, ca }: LoadOptions): SteadyLoad {
  const failures: string[] = [];
  let failed = 0;
  const fail = (what: string): void => {
    failed++;
    if (failures.length < SHOWN) failures.push(what);
  };
  const waiting = new Set<() => void>();
  let answered = 0;
  let stopped = false;

  async function ask(agent: Agent): Promise<void> {
    const method: Dispatcher.HttpMethod = "GET";
    const { statusCode, body } = await agent.request({ origin: origin(), path, method, headers });
    const text = await body.text();
    if (statusCode === 200 && expects(text)) answered++;
    else fail(`${statusCode} ${text}`);
  }

  async function client(): Promise<void> {
    const agent = new Agent({ connections: 1, pipelining: 1, ...(ca === undefined ? {} : { connect: { ca } }) });
    while (!stopped) {
      await ask(agent).catch((error: unknown) => fail(String(error)));
      for (const look of waiting) look();
    }
    await agent.close();
  }

  const running = Array.from({ length: clients }, client);
  return {
    get answered() {
      return answered;
    },
    failures,
    more(count) {
      const goal = answered + failed + count;
      return new Promise((resolve) => {
        const look = () => {
          if (answered + failed < goal) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      });
    },
    async stop() {
      stopped = true;
      await Promise.all(running);
    },
  };
}
