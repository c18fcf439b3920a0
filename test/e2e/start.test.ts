import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { Browser } from "../support/http-client.ts";
import { tempDir } from "../support/temp-dir.ts";
import { spawnQuickstart, startQuickstart, threeFreePorts } from "./quickstart-process.ts";

test("the first start prints a password that works, later ones how to get another; Ctrl-C ends everything", async () => {
  const data = await tempDir();
  const first = await startQuickstart(data);
  const password = first.password ?? "";
  expect(password.length).toBeGreaterThanOrEqual(15);
  expect((await new Browser(first.url).login("demo", password)).status).toBe(200);

  const ended = once(first.child.process, "exit");
  first.child.process.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
  for (const port of [first.port, first.port + 1, first.port + 2]) {
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  }

  const second = await startQuickstart(data);
  expect(second.password).toBeNull();
  expect(second.child.output()).toContain("postern -- users password demo --config");
  expect((await new Browser(second.url).login("demo", password)).status).toBe(200);
});

test.each([0, 2])("a port in use (number %i of the three) is said, with what to do", async (offset) => {
  const port = await threeFreePorts();
  const squatter = createServer().listen(port + offset, "127.0.0.1");
  await once(squatter, "listening");
  const child = spawnQuickstart(await tempDir(), port);
  const [code] = await once(child.process, "close");
  squatter.close();
  expect(code).not.toBe(0);
  expect(child.output()).toContain(`Port ${port + offset}`);
  expect(child.output()).toContain("npm start -- --port");
  expect(child.output()).not.toContain("    at ");
});

test.each(["abc", "0", "65534", "-1"])("a port that is none (%s) is refused with how it is meant", async (port) => {
  const child = spawnQuickstart(await tempDir(), port);
  expect(await once(child.process, "close")).toEqual([2, null]);
  expect(child.output()).toBe("The one option is a port from 1 to 65533: npm start -- --port 9000\n");
});
