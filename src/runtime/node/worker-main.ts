import { ConfigError } from "../../config/config-error.ts";
import type { Reports } from "../../observe/readiness.ts";
import { StoreProblem } from "../../stores/store-problem.ts";
import { ListenProblem } from "./bind.ts";
import { packageVersion } from "./package-version.ts";
import { type Membership, type ServedMember, serveInProcess } from "./serve-in-process.ts";
import { type NewConfig, Pending, type ToSupervisor, type ToWorker } from "./worker-messages.ts";

/** What the supervisor may take to hear of the others, in milliseconds; then this worker speaks for itself. */
const PATIENCE = 5_000;

const pending = new Pending();
let own: Reports | null = null;
let served: Promise<ServedMember> | null = null;

const send = (message: ToSupervisor): void => void process.send?.(message);

/** What all say is asked of the supervisor, who asks each, this one too. */
function together(reports: Reports): Reports {
  own = reports;
  const all = (question: keyof Reports) => pending.ask((id) => send({ kind: "ask", id, question }), PATIENCE);
  return {
    readiness: async () => (await all("readiness"))?.readiness ?? reports.readiness(),
    metrics: async () => (await all("metrics"))?.metrics ?? reports.metrics(),
  };
}

function problemOf(error: unknown): "store" | "listen" | "other" {
  if (error instanceof StoreProblem) return "store";
  return error instanceof ListenProblem ? "listen" : "other";
}

async function start(message: ToWorker & { readonly kind: "start" }): Promise<void> {
  const { config, secrets, worker, replaces } = message;
  const membership: Membership = { worker, replaces, together };
  try {
    ensureSame(message.version);
    served = serveInProcess({ config, secrets }, membership);
    const { url, operationsUrl, defect } = await served;
    process.on("uncaughtException", defect);
    send({ kind: "serving", url, operationsUrl });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    process.send?.({ kind: "failed", problem: problemOf(error), message: text } satisfies ToSupervisor, () =>
      process.exit(1),
    );
  }
}

/** What the two say to each other, and what a configuration is, changes from one version to the next. */
function ensureSame(version: string): void {
  const found = packageVersion();
  if (found !== version) throw new Error(`Postern ${found} is installed, and ${version} runs: restart the gateway`);
}

const taken = (result: NewConfig) => async () => {
  if (result.ok) return result.config;
  throw new ConfigError("The configuration", result.problems);
};

async function take(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case "start":
      await start(message);
      return;
    case "reload":
      await (await served)?.reload(taken(message.result));
      send({ kind: "answer", id: message.id, answer: {} });
      return;
    case "ask":
      send({ kind: "answer", id: message.id, answer: { [message.question]: await own?.[message.question]() } });
      return;
    case "answer":
      pending.settle(message.id, message.answer);
      return;
    case "stop":
      await (await served)?.close();
      process.exit(0);
      break;
    case "hand_over":
      await (await served)?.handOver();
      process.send?.({ kind: "last", metrics: (await own?.metrics()) ?? "" } satisfies ToSupervisor, () =>
        process.exit(0),
      );
      return;
    default:
      message satisfies never;
  }
}

process.on("message", (message: ToWorker) => void take(message));
// A terminal and systemd signal every process; what it means is for the supervisor to say.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"]) process.on(signal, () => {});
