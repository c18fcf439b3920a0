import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../support/free-port.ts";
import { startGateway } from "../../support/gateway-process.ts";
import { rawRequest } from "../../support/raw-http.ts";
import { OK, startRecordingUpstream } from "../../support/recording-upstream.ts";
import { requireProgram } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { nginxFolders, run, runNginx } from "../front-proxies.ts";

export const PROXIES = ["Postern", "nginx", "HAProxy"] as const;
export type ProxyName = (typeof PROXIES)[number];

/** What came of some bytes: what the client was told, and what the service behind was asked. */
export type Observe = (bytes: string) => Promise<string>;

/** A proxy that passes everything to a service which records it; null where its program is not here. */
export async function passThrough(name: ProxyName): Promise<Observe | null> {
  const service = await startRecordingUpstream((connection) => {
    void connection.until(({ received }) => isComplete(received)).then(({ socket }) => socket.end(OK));
  });
  const { host } = new URL(service.url);
  const url = await START[name](host);
  if (url === null) return null;
  let before = 0;
  return async (bytes) => {
    const { text } = await rawRequest(url, bytes);
    const answers = [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => status);
    const seen = service.connections.slice(before);
    before = service.connections.length;
    await Promise.all(seen.map((connection) => connection.until(({ closed }) => closed)));
    const asked = seen
      .filter(({ received }) => received !== "")
      .map(({ received }) => describe(received).replace(host, "its own"));
    return [answers.join(" + ") || "closed", ...asked].join("; ");
  };
}

const START: Readonly<Record<ProxyName, (service: string) => Promise<string | null>>> = {
  async Postern(service) {
    const { url } = await startGateway({
      upstreams: { up: { targets: [`http://${service}`], host: "client" } },
      routes: [{ path: "/*", upstream: "up", access: "public" }],
    });
    return url;
  },
  async nginx(service) {
    const program = requireProgram("nginx");
    if (program === null) return null;
    const dir = await tempDir();
    const port = await freePort();
    const file = join(dir, "nginx.conf");
    await writeFile(
      file,
      `events {}
       http {
         access_log off;
         ${nginxFolders(dir)}
         server {
           listen 127.0.0.1:${port};
           location / {
             proxy_pass http://${service};
             proxy_http_version 1.1;
             proxy_set_header Connection "";
             proxy_set_header Host $http_host;
           }
         }
       }`,
    );
    await runNginx(program, file, { dir, port });
    return `http://127.0.0.1:${port}`;
  },
  async HAProxy(service) {
    const program = requireProgram("haproxy");
    if (program === null) return null;
    const dir = await tempDir();
    const port = await freePort();
    const file = join(dir, "haproxy.cfg");
    await writeFile(
      file,
      `defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  timeout client-fin 100ms
  timeout http-keep-alive 100ms
  timeout http-request 1s
frontend all
  bind 127.0.0.1:${port}
  default_backend service
backend service
  http-reuse never
  server service ${service}
`,
    );
    await run(program, ["-f", file], { dir, port });
    return `http://127.0.0.1:${port}`;
  },
};

const headOf = (message: string): string => message.slice(0, message.indexOf("\r\n\r\n") + 2);
const bodyOf = (message: string): string => message.slice(message.indexOf("\r\n\r\n") + 4);
const lengthOf = (head: string): number => Number(/^content-length: (\d+)\r$/im.exec(head)?.[1] ?? 0);
const isChunked = (head: string): boolean => /^transfer-encoding: chunked\r$/im.test(head);

function isComplete(message: string): boolean {
  const head = headOf(message);
  return isChunked(head) ? /(?:^|\r\n)0\r\n/.test(bodyOf(message)) : bodyOf(message).length >= lengthOf(head);
}

/** Fields that a proxy adds or says anew, whatever was sent: they are no difference between requests. */
const OWN =
  /^(?:host|content-length|transfer-encoding|connection|via|forwarded|x-forwarded-[a-z]+|x-request-id|traceparent):/i;

function describe(message: string): string {
  const head = headOf(message);
  const [line = "", ...lines] = head.trimEnd().split("\r\n");
  const host = /^host: (.*)\r$/im.exec(head)?.[1];
  const parts = [line.replace(/ HTTP\/1\.1$/, "")];
  if (host !== "a") parts.push(host === undefined ? "no Host" : `Host: ${host}`);
  const body = bodyOf(message);
  if (isChunked(head)) parts.push(`chunks ${JSON.stringify(body)}`);
  if (/^content-length:/im.test(head)) parts.push(`length ${lengthOf(head)}`);
  if (!isChunked(head) && body.length !== lengthOf(head)) parts.push(`a body of ${body.length}`);
  return [...parts, ...lines.filter((field) => !OWN.test(field)).map((field) => JSON.stringify(field))].join(", ");
}
