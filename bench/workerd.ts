import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { bundleWorker } from "../test/support/worker-bundle.ts";
import { freePort, type Program, type Running, start, startListening } from "./processes.ts";

/** A program for workerd, run without wrangler and its miniflare: those put a Worker of their own in front of every request. */
export interface WorkerProgram {
  readonly name: string;
  /** A module, which is bundled as wrangler does it. */
  readonly entry: string;
  readonly bindings: Readonly<Record<string, string>>;
  /** Durable Object classes by the names that they are bound to; the first Worker has them, on a disk of the deployment's own. */
  readonly objects?: Readonly<Record<string, string>>;
  /** How many Workers run the program beside each other in one process, each in an isolate of its own. */
  readonly isolates?: number;
}

export interface WorkerDeployment {
  readonly folder: string;
  /** Of each isolate. */
  readonly ports: readonly number[];
  /** Starts workerd, on the contender's core, and resolves once it takes connections. */
  start(): Promise<Running>;
  /** The same without waiting for anything. */
  spawn(): Running;
}

// The package says where its program is, but has no types.
const { default: WORKERD }: { readonly default: string } = createRequire(import.meta.url)("workerd");

const INDENT = "\n    ";
/** Cap'n Proto's text format has the escapes of C. */
const text = (value: string): string => JSON.stringify(value);
const list = (items: readonly string[]): string => `[${items.map((item) => INDENT + item).join(",")}]`;

/** Bundles the program and writes down what workerd is told. */
export async function deployWorker(
  ground: { readonly folder: string },
  program: WorkerProgram,
): Promise<WorkerDeployment> {
  const folder = mkdtempSync(join(ground.folder, `${program.name}-`));
  const bundle = await bundleWorker(program.entry, join(folder, "bundle"));
  const ports: number[] = [];
  while (ports.length < (program.isolates ?? 1)) ports.push(await freePort());
  const data = mkdtempSync(join(folder, "data-"));
  writeFileSync(join(folder, "workerd.capnp"), configuration(program, readdirSync(bundle.folder), ports, data));
  const command: Program = {
    ...{ name: program.name, command: WORKERD, args: ["serve", join(folder, "workerd.capnp")] },
    ...{ core: "contender", folder },
  };
  return { folder, ports, spawn: () => start(command), start: () => startListening(command, ports[0] ?? 0) };
}

function configuration(
  { bindings, objects = {} }: WorkerProgram,
  files: readonly string[],
  ports: readonly number[],
  data: string,
): string {
  const classes = [...new Set(Object.values(objects))];
  // The module that runs is the first.
  const modules = files
    .toSorted((one) => (one.endsWith(".js") ? -1 : 1))
    .map((file) => {
      const kind = file.endsWith(".js") ? "esModule" : "wasm";
      return `(name = ${text(basename(file))}, ${kind} = embed ${text(`bundle/${file}`)})`;
    });
  const bound = [
    ...Object.entries(bindings).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    ...Object.entries(objects).map(
      ([name, className]) =>
        `(name = ${text(name)}, durableObjectNamespace = (className = ${text(className)}, serviceName = "worker0"))`,
    ),
  ];
  const owned = classes.map((name) => `(className = ${text(name)}, uniqueKey = ${text(name)}, enableSql = true)`);
  const common = `modules = .modules, compatibilityDate = "2026-10-01", compatibilityFlags = ["nodejs_compat"],
    globalOutbound = "network", bindings = .bindings`;
  const storage = `durableObjectNamespaces = ${list(owned)}, durableObjectStorage = (localDisk = "disk")`;
  const workers = ports.map(
    (_port, index) =>
      `(name = "worker${index}", worker = (${common}${index === 0 && owned.length > 0 ? `, ${storage}` : ""}))`,
  );
  const sockets = ports.map(
    (port, index) => `(name = "socket${index}", address = "127.0.0.1:${port}", http = (), service = "worker${index}")`,
  );
  const services = [
    ...workers,
    '(name = "network", network = (allow = ["public", "private", "local"]))',
    `(name = "disk", disk = (path = ${text(data)}, writable = true))`,
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const modules :List(Workerd.Worker.Module) = ${list(modules)};
const bindings :List(Workerd.Worker.Binding) = ${list(bound)};
const config :Workerd.Config = (services = ${list(services)}, sockets = ${list(sockets)});
`;
}
