import { readFileSync } from "node:fs";
import { access, cp, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { type Copy, DockerfileParser, type From, type JSONInstruction } from "dockerfile-ast";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readEnvironment } from "../../src/config/environment.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { runChild, startChild } from "../support/child.ts";
import { freePort } from "../support/free-port.ts";
import { type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { Browser } from "../support/http-client.ts";
import { ALICE, ROLES } from "../support/people.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitUntil } from "../support/wait-until.ts";

// No container engine is asked for: the files are read as one would, and what the image runs is run here.

const ROOT = new URL("../..", import.meta.url).pathname;
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

const dockerfile = DockerfileParser.parse(read("Dockerfile"));
const named = (keyword: string) => dockerfile.getInstructions().filter((found) => found.getKeyword() === keyword);
const json = (instruction: JSONInstruction | undefined): string[] =>
  (instruction?.getJSONStrings() ?? []).map((argument) => argument.getJSONValue());
const lastStage = dockerfile.getFROMs().at(-1)?.getRange()?.start.line ?? 0;
const inLastStage = (instruction: { getRange(): { start: { line: number } } }) =>
  instruction.getRange().start.line > lastStage;

/** What a COPY takes from the checkout and where to, or null where it takes from another stage. */
function fromCheckout(copy: Copy): { readonly sources: readonly string[]; readonly to: string } | null {
  if (copy.getFromFlag() !== null) return null;
  const paths = copy.getArguments().map((argument) => argument.getValue());
  return { sources: paths.slice(0, -1), to: paths.at(-1) ?? "" };
}

/** Lays out in a folder what a stage copies from the checkout. */
async function layOut(folder: string, copies: readonly Copy[]): Promise<void> {
  for (const copied of copies.map(fromCheckout)) {
    for (const source of copied?.sources ?? []) {
      const to = copied?.to === "./" ? source : (copied?.to ?? "");
      await cp(join(ROOT, source), join(folder, to), { recursive: true });
    }
  }
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
}

describe("the image", () => {
  const app = { dir: "" };
  let gateway: GatewayProcess;

  beforeAll(async () => {
    const build = await tempDir();
    await layOut(
      build,
      dockerfile.getCOPYs().filter((copy) => !inLastStage(copy)),
    );
    const built = await runChild("npm", ["run", "build"], { cwd: build });
    if (built.code !== 0) throw new Error(`npm run build ended with ${built.code}:\n${built.stdout}${built.stderr}`);
    app.dir = await tempDir();
    await layOut(app.dir, dockerfile.getCOPYs().filter(inLastStage));
    await mkdir(join(app.dir, "examples/docker"), { recursive: true });
    await cp(join(build, "dist"), join(app.dir, "dist"), { recursive: true });
    gateway = await startGateway();
  }, 120_000);
  afterAll(() => gateway?.stop());

  test("is built on Node 24 and from what goes to the builder", () => {
    const images = dockerfile.getFROMs().map((from: From) => from.getImage());
    expect(images).toHaveLength(2);
    expect(images.filter((image) => !/^node:24-[a-z]+-slim$/.test(image ?? ""))).toEqual([]);
    const sources = dockerfile.getCOPYs().flatMap((copy) => fromCheckout(copy)?.sources ?? []);
    const ignore = read(".dockerignore").split("\n");
    expect(ignore.find((line) => line !== "" && !line.startsWith("#"))).toBe("*");
    expect([...new Set(sources)].sort()).toEqual(
      ignore
        .filter((line) => line.startsWith("!"))
        .map((line) => line.slice(1))
        .sort(),
    );
  });

  test("holds no development packages: they are gone before the last stage takes the rest", () => {
    const text = named("RUN").map((run) => run.getArgumentsContent());
    expect(text.some((command) => command?.endsWith("npm prune --omit=dev"))).toBe(true);
    const stages = dockerfile.getCOPYs().filter(inLastStage);
    const taken = stages.filter((copy) => copy.getFromFlag()?.getValue() === "build");
    expect(taken.map((copy) => copy.getArguments()[0]?.getValue())).toEqual(["/app/node_modules", "/app/dist"]);
  });

  test("runs as a user without rights", () => {
    const users = named("USER").filter(inLastStage);
    expect(users.map((user) => user.getArgumentsContent())).toEqual(["node"]);
    const after = dockerfile
      .getInstructions()
      .filter((one) => one.getRange().start.line > (users[0]?.getRange().start.line ?? 0));
    expect(after.map((one) => one.getKeyword())).toEqual(["EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"]);
  });

  test("what it starts is there", async () => {
    const [program, script = ""] = json(dockerfile.getENTRYPOINTs()[0]);
    expect(program).toBe("node");
    expect(script.startsWith("/app/")).toBe(true);
    const { code, stdout } = await runChild(process.execPath, [script.replace("/app/", ""), "--version"], {
      cwd: app.dir,
    });
    expect([code, stdout.trim()]).toEqual([0, JSON.parse(read("package.json")).version]);
    expect(json(dockerfile.getCMDs()[0])[0]).toBe("serve");
  });

  test("its health check passes while the gateway lives, and fails without one", async () => {
    const health = dockerfile.getHEALTHCHECKs()[0]?.getArgumentsContent() ?? "";
    const [program, flag = "", script = ""] = JSON.parse(health.slice(health.indexOf("CMD") + 3)) as string[];
    expect([program, flag]).toEqual(["node", "-e"]);
    const checked = async (origin: string) =>
      (await runChild(process.execPath, [flag, script.replace("http://127.0.0.1:9464", origin)], {})).code;
    expect(await checked(gateway.operationsUrl)).toBe(0);
    expect(await checked(`http://127.0.0.1:${await freePort()}`)).toBe(1);
    expect(await checked(gateway.url)).toBe(1);
  });

  test("the demo service answers to whom the gateway vouches for, in the image's layout", async () => {
    const port = await freePort();
    const shop = { shop: { targets: [`http://127.0.0.1:${port}`] } };
    const { routes } = JSON.parse(read("examples/docker/postern.config.json"));
    const front = await startGateway({ roles: ROLES, upstreams: shop, routes });
    await front.addUser(ALICE.name, ALICE.password, ["user"]);
    await cp(join(ROOT, "examples/docker/service.js"), join(app.dir, "examples/docker/service.js"));
    const env = { ...process.env, ISSUER: front.issuer, GATEWAY: front.url, PORT: String(port) };
    const service = startChild(process.execPath, ["examples/docker/service.js"], { cwd: app.dir, env });
    await waitUntil(
      () => `the service does not listen; it wrote:\n${service.output()}`,
      async () => (await request(`http://127.0.0.1:${port}/`).catch(() => null))?.statusCode === 200,
    );
    const alice = new Browser(front.url);
    await alice.login(ALICE.name, ALICE.password);
    expect((await alice.api("/api/orders")).json()).toEqual({
      caller: { name: ALICE.name, roles: ["user"], scope: "orders:read" },
    });
    expect((await request(`http://127.0.0.1:${port}/api/orders`)).statusCode).toBe(401);
    await service.stop();
    await front.stop();
  });
});

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly cap_drop?: readonly string[];
  readonly read_only?: boolean;
}

describe("docker-compose.yml", () => {
  const text = read("docker-compose.yml");
  const compose = parse(text, { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly volumes: Readonly<Record<string, null>>;
  };
  const { redis, "gateway-1": first, "gateway-2": second, shop } = compose.services;
  const config = JSON.parse(read("examples/docker/postern.config.json"));

  test("is a Redis that keeps what it is told, two gateways and a service", () => {
    expect(Object.keys(compose.services)).toEqual(["redis", "gateway-1", "gateway-2", "shop"]);
    const command = redis?.command?.join(" ");
    expect(command).toContain("--appendonly yes");
    expect(command).toContain("--maxmemory-policy noeviction");
    expect(command).toMatch(/--requirepass \$\{REDIS_PASSWORD:\?/);
    expect(redis?.volumes).toEqual(["redis:/data"]);
    expect(Object.keys(compose.volumes)).toEqual(["redis"]);
  });

  test("the gateways differ in their port alone, and wait for a Redis that answers", () => {
    const { ports, ...rest } = first ?? { ports: [] };
    const { ports: otherPorts, ...otherRest } = second ?? { ports: [] };
    expect(rest).toEqual(otherRest);
    expect([ports, otherPorts]).toEqual([["127.0.0.1:8080:8080"], ["127.0.0.1:8081:8080"]]);
    expect(first?.depends_on).toEqual({ redis: { condition: "service_healthy" } });
    expect(redis?.healthcheck?.test[0]).toBe("CMD-SHELL");
  });

  test("nothing but the gateways' main listeners can be reached from outside", () => {
    const published = Object.entries(compose.services).filter(([, { ports }]) => ports !== undefined);
    expect(published.map(([name]) => name)).toEqual(["gateway-1", "gateway-2"]);
    expect(published.flatMap(([, { ports }]) => ports).filter((port) => !port?.startsWith("127.0.0.1:"))).toEqual([]);
    for (const service of [first, second, shop]) {
      expect([service?.cap_drop, service?.read_only]).toEqual([["ALL"], true]);
    }
  });

  test("holds no secret: each one is asked for", () => {
    const variables = [...text.matchAll(/\$\{(\w+)(:\?)?/g)].map(([, name, required]) => [name, required]);
    expect(variables.length).toBeGreaterThan(0);
    expect(variables.filter(([, required]) => required !== ":?")).toEqual([]);
    expect(new Set(variables.map(([name]) => name))).toEqual(new Set(["POSTERN_SECRET", "REDIS_PASSWORD"]));
    expect(text).not.toMatch(/env_file|POSTERN_SECRET: [^$]/);
    expect(read(".gitignore").split("\n")).toContain(".env");
  });

  test("what the gateways are told is a configuration, with services and ports that there are", async () => {
    const secrets = { POSTERN_SECRET: "s".repeat(64), REDIS_PASSWORD: "p".repeat(64) };
    const filled = Object.entries(first?.environment ?? {}).map(([name, value]) => [
      name,
      value.replace(/\$\{(\w+):\?[^}]*\}/g, (_, variable: keyof typeof secrets) => secrets[variable]),
    ]);
    const environment = readEnvironment(Object.fromEntries(filled));
    if (!environment.ok) throw new Error(JSON.stringify(environment.problems));
    const parsed = parseConfig(config, environment.values.store);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { listen, operations, store, upstreams } = parsed.config;
    expect(store).toMatchObject({ kind: "redis", url: `redis://:${secrets.REDIS_PASSWORD}@redis:6379` });
    expect([listen, operations.listen]).toEqual([
      { host: "0.0.0.0", port: 8080 },
      { host: "0.0.0.0", port: 9464 },
    ]);
    const hosts = Object.values(upstreams).flatMap(({ targets }) => targets.map((target) => new URL(target).hostname));
    expect(hosts).toEqual(["shop"]);
    expect(first?.volumes).toEqual(["./examples/docker/postern.config.json:/etc/postern/postern.config.json:ro"]);
    expect(json(dockerfile.getCMDs()[0])).toContain("/etc/postern/postern.config.json");
    const mounted = [...(first?.volumes ?? []), ...(shop?.volumes ?? [])].map((volume) => volume.split(":")[0] ?? "");
    await Promise.all(mounted.map((path) => access(join(ROOT, path))));
  });
});
