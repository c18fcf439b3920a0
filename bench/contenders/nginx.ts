import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Contender } from "../contender.ts";
import { versionOf } from "../machine.ts";
import { freePort, startListening } from "../processes.ts";

const version = versionOf("nginx", "-v");

/** One process, one worker; bodies pass through memory, nothing of them is written to files. */
const configuration = (folder: string, port: number, upstream: number): string => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 16384; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_max_body_size 0;
  keepalive_requests 100000000;
  upstream service {
    server 127.0.0.1:${upstream};
    keepalive 1024;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
    }
    location = /api/orders/socket {
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection upgrade;
      proxy_set_header Upgrade websocket;
    }
  }
}
`;

export const nginx: Contender = {
  name: "nginx",
  label: `${version?.replace("nginx version: ", "") ?? "nginx"}, no auth`,
  missing: version === null ? "nginx is not installed" : null,
  async start(ground) {
    const port = await freePort();
    const folder = mkdtempSync(join(ground.folder, "nginx-"));
    const file = join(folder, "nginx.conf");
    writeFileSync(file, configuration(folder, port, ground.upstreamPort));
    const { pid, stop } = await startListening(
      {
        name: "nginx",
        command: "nginx",
        args: ["-p", folder, "-c", file, "-e", join(folder, "error.log")],
        core: "contender",
        folder,
      },
      port,
    );
    return { pid, port, users: null, stop };
  },
};
