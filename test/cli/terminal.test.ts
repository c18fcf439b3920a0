import { describe, expect, it } from "vitest";
import { startChild } from "../support/child.ts";
import { CLI } from "../support/gateway-process.ts";
import { waitUntil } from "../support/wait-until.ts";
import { PASSWORD, workplace } from "./cli.ts";

/** `users add ana` on a terminal of its own (util-linux `script`), and what a person types at each question. */
async function addAna(answers: readonly [string, string]) {
  const { dir, json } = await workplace();
  const command = [process.execPath, CLI, "users", "add", "ana"].join(" ");
  const terminal = startChild("script", ["--quiet", "--return", "--flush", "--command", command, "/dev/null"], {
    cwd: dir,
    env: { PATH: process.env.PATH, TERM: "dumb", SHELL: "/bin/sh" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const asked = (question: string) =>
    waitUntil(
      () => terminal.output(),
      () => terminal.output().includes(question),
    );
  const ended = new Promise<number | null>((resolve) => terminal.process.once("exit", resolve));
  await asked("Password: ");
  terminal.process.stdin?.write(`${answers[0]}\r`);
  await asked("Again: ");
  terminal.process.stdin?.write(`${answers[1]}\r`);
  return { code: await ended, output: terminal.output(), users: await json(["users", "list"]) };
}

describe.skipIf(process.platform !== "linux")("on a terminal", () => {
  it("asks for a new password twice and shows it never", async () => {
    const { code, output, users } = await addAna([PASSWORD, PASSWORD]);
    expect(output).toContain("Made the user ana");
    expect(output).not.toContain(PASSWORD);
    expect(code).toBe(0);
    expect(users).toMatchObject({ users: [{ username: "ana", password: true }] });
  });

  it("makes nothing where the two differ", async () => {
    const { code, output, users } = await addAna([PASSWORD, `${PASSWORD}!`]);
    expect(output).toContain("the two passwords differ");
    expect(output).not.toContain(PASSWORD);
    expect(code).toBe(2);
    expect(users).toEqual({ users: [] });
  });
});
