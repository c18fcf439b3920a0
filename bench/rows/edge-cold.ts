import { deployBare } from "../contenders/edge.ts";
import { startEdgePostern } from "../edge-postern.ts";
import { type FirstAnswer, firstAnswer } from "../first-answer.ts";
import { edgeRequest } from "../load-plan.ts";
import { cpuTime } from "../measure.ts";
import { logIn } from "../postern-client.ts";
import type { Row } from "../row.ts";
import { spread } from "../statistics.ts";
import type { WorkerDeployment } from "../workerd.ts";

/** What is measured of one start, in milliseconds. */
interface Start {
  /** From the start of the process, with the module's own code run, until it takes connections. */
  readonly listens: number;
  /** Of a request to a process that has served nothing yet. */
  readonly first: number;
  /** Of the next one. */
  readonly second: number;
  /** Of the first request to another isolate of the process. */
  readonly isolate: number;
  /** CPU time from the start of the process to the first answer. */
  readonly cpu: number;
}

const FIGURES: readonly (keyof Start)[] = ["listens", "first", "second", "isolate", "cpu"];

/** From nothing to the first authenticated answer. */
export const edgeCold: Row = {
  name: "edge-cold",
  missing: null,
  async measure({ ground, quick }) {
    const starts = quick ? 3 : 15;
    const bare = await deployBare(ground, 2);
    const postern = await startEdgePostern(ground, 2);
    const { access } = await logIn(postern.ports[0] ?? 0, postern.accounts[0] ?? fail()).finally(postern.stop);
    const programs = [
      { label: "bare Worker, fetch only, no auth", deployment: bare, message: edgeRequest(null), found: [] as Start[] },
      { label: "**Postern**", deployment: postern, message: edgeRequest(access), found: [] as Start[] },
    ];
    for (let done = 0; done < starts; done++) {
      for (const { deployment, message, found } of programs) found.push(await measureStart(deployment, message));
    }
    const table = [
      "### A Worker from cold",
      "",
      `${starts} starts of workerd each in turn, the store's file, a user and a session being there. Milliseconds. The first answer of Postern brings the store's object up, reads keys and revocations and verifies a token; the other isolate finds the object running. A new isolate on the platform costs about what that one does, and the module's own code before it.`,
      "",
      "| program | workerd listens after | first answer | second answer | first answer of another isolate | CPU to the first answer |",
      "| --- | --- | --- | --- | --- | --- |",
      ...programs.map(({ label, found }) => `| ${[label, ...FIGURES.map((name) => cell(found, name))].join(" | ")} |`),
      "",
    ].join("\n");
    return { table, figures: {} };
  },
};

function cell(starts: readonly Start[], name: keyof Start): string {
  const { median, min, max } = spread(starts.map((start) => start[name]));
  return `${median.toFixed(1)} (${min.toFixed(1)}–${max.toFixed(1)})`;
}

async function measureStart({ spawn, ports }: WorkerDeployment, message: string): Promise<Start> {
  const [port = 0, other = 0] = ports;
  const running = spawn();
  try {
    const first = await firstAnswer(port, message);
    const cpu = cpuTime(running.pid) / 1e6;
    const second: FirstAnswer = await firstAnswer(port, message);
    const isolate = await firstAnswer(other, message);
    const answers = { first: first.answered, second: second.answered, isolate: isolate.answered };
    return { listens: first.connected, ...answers, cpu };
  } finally {
    await running.stop();
  }
}

const fail = (): never => {
  throw new Error("no accounts");
};
