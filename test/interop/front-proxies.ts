import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { type Child, startChild } from "../support/child.ts";
import { waitUntil } from "../support/wait-until.ts";

/** Where the three parties of an example listen, instead of on the ports that it is written with. */
export interface Places {
  readonly front: number;
  readonly gateway: number;
  readonly app: number;
}

/** Runs a proxy from its configuration under examples/, in `dir`, until the test file ends. */
export type StartFront = (program: string, dir: string, places: Places) => Promise<void>;

export async function example(path: string): Promise<string> {
  return readFile(new URL(`../../examples/${path}`, import.meta.url), "utf8");
}

const WRITTEN: Places = { front: 8000, gateway: 8080, app: 3000 };
const ALL = ["front", "gateway", "app"] as const;

/** The example's text with the ports of `parties` replaced; it is an error when one does not occur. */
function moved(text: string, places: Places, parties: readonly (keyof Places)[] = ALL): string {
  return parties.reduce((result, party) => {
    const written = `:${WRITTEN[party]}`;
    if (!result.includes(written)) throw new Error(`the example has no port ${written}`);
    return result.replaceAll(written, `:${places[party]}`);
  }, text);
}

export const startNginx: StartFront = async (program, dir, places) => {
  const file = join(dir, "nginx.conf");
  const text = moved(await example("nginx/nginx.conf"), places);
  await writeFile(file, text.replace("http {", `http {\n  access_log off;\n  ${nginxFolders(dir)}`));
  await runNginx(program, file, { dir, port: places.front });
};

export const startCaddy: StartFront = async (program, dir, places) => {
  const file = join(dir, "Caddyfile");
  await writeFile(file, moved(await example("caddy/Caddyfile"), places));
  const home = join(dir, "home");
  await mkdir(home);
  const env = { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home };
  await run(program, ["run", "--config", file, "--adapter", "caddyfile"], { dir, port: places.front, env });
};

export const startHaproxy: StartFront = async (program, dir, places) => {
  const file = join(dir, "haproxy.cfg");
  await writeFile(file, moved(await example("haproxy/haproxy.cfg"), places));
  const lua = await example("haproxy/postern.lua");
  await writeFile(join(dir, "postern.lua"), moved(lua, places, ["gateway"]));
  await run(program, ["-f", file], { dir, port: places.front });
};

/** Where a program works, and where it listens when it has started. */
export interface Running {
  readonly dir: string;
  readonly port: number;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program until the test file ends; resolves when it listens. */
export async function run(program: string, args: readonly string[], { dir, port, env }: Running): Promise<void> {
  await listening(startChild(program, args, { cwd: dir, ...(env && { env }) }), port);
}

/** Where nginx keeps what it writes, instead of in folders of the system. */
export const nginxFolders = (dir: string): string =>
  ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${dir}/${kind};`).join("\n  ");

export async function runNginx(program: string, file: string, where: Running): Promise<void> {
  const inFolder = `daemon off; master_process off; pid ${where.dir}/nginx.pid;`;
  await run(program, ["-p", where.dir, "-c", file, "-e", "stderr", "-g", inFolder], where);
}

async function listening(child: Child, port: number): Promise<void> {
  await waitUntil(
    () => `nothing listens; it wrote:\n${child.output()}`,
    () => {
      if (child.process.exitCode !== null) throw new Error(`it ended; it wrote:\n${child.output()}`);
      return answers(port);
    },
  );
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
