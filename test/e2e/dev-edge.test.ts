import { once } from "node:events";
import { expect, test } from "vitest";
import { startChild } from "../support/child.ts";
import { Browser } from "../support/http-client.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitUntil } from "../support/wait-until.ts";
import { ROOT, threeFreePorts } from "./quickstart-process.ts";

test("npm run dev:edge: the demo behind a Worker, with a user to log in as, and the scheduled event", async () => {
  const port = await threeFreePorts();
  const args = ["examples/edge/dev.ts", "--port", String(port), "--data", await tempDir()];
  const child = startChild(process.execPath, args, { cwd: ROOT });
  await waitUntil(
    () => `no greeting; it wrote:\n${child.output()}`,
    () => {
      if (child.process.exitCode !== null) throw new Error(`it ended; it wrote:\n${child.output()}`);
      return child.output().includes("Ctrl-C");
    },
  );
  const browser = new Browser(`http://127.0.0.1:${port}`);
  const password = /[a-z0-9]{5}(?:-[a-z0-9]{5}){3}/.exec(child.output())?.[0] ?? "";
  expect((await browser.login("demo", password)).status).toBe(200);
  expect((await browser.api("/api/orders")).json()).toMatchObject({ caller: { name: "demo" } });
  const scheduled = await browser.fetch("/cdn-cgi/local/scheduled");
  expect([scheduled.status, scheduled.text]).toEqual([200, "ok"]);

  const ended = once(child.process, "exit");
  child.process.kill("SIGINT");
  await ended;
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
});
