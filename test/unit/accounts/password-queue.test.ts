import { expect, test } from "vitest";
import { passwordQueue } from "../../../src/accounts/password-queue.ts";
import { HashingOverloaded } from "../../../src/accounts/passwords.ts";

/** Jobs that end when the test says so, and which of them have begun. */
function jobs() {
  const begun: string[] = [];
  const pending = new Map<string, PromiseWithResolvers<string>>();
  return {
    begun,
    job: (name: string) => () => {
      begun.push(name);
      const result = Promise.withResolvers<string>();
      pending.set(name, result);
      return result.promise;
    },
    end: (name: string) => pending.get(name)?.resolve(name),
    fail: (name: string) => pending.get(name)?.reject(new Error(name)),
  };
}

const turns = () => new Promise((resolve) => setImmediate(resolve));

test("runs at most `concurrency` at once, the others in order", async () => {
  const { run } = passwordQueue({ concurrency: 2, queue: 10 });
  const { begun, job, end, fail } = jobs();
  const results = ["a", "b", "c", "d"].map((name) => run(job(name)));
  await turns();
  expect(begun).toEqual(["a", "b"]);
  end("b");
  await turns();
  expect(begun).toEqual(["a", "b", "c"]);
  fail("a");
  await expect(results[0]).rejects.toThrow("a");
  await turns();
  expect(begun).toEqual(["a", "b", "c", "d"]);
  end("c");
  end("d");
  expect(await Promise.all(results.slice(1))).toEqual(["b", "c", "d"]);
});

test("a full queue refuses at once, and has room again when a job ends", async () => {
  const { run, load } = passwordQueue({ concurrency: 1, queue: 1 });
  const { job, end } = jobs();
  const first = run(job("a"));
  const second = run(job("b"));
  await expect(run(job("c"))).rejects.toBeInstanceOf(HashingOverloaded);
  expect(load()).toEqual({ active: 1, waiting: 1, refused: 1 });
  end("a");
  expect(await first).toBe("a");
  await turns();
  end("b");
  expect(await second).toBe("b");
  const third = run(job("d"));
  await turns();
  end("d");
  expect(await third).toBe("d");
  expect(load()).toEqual({ active: 0, waiting: 0, refused: 1 });
});

test("whoever stops waiting leaves the queue: the job never runs and the place is free", async () => {
  const { run } = passwordQueue({ concurrency: 1, queue: 1 });
  const { begun, job, end } = jobs();
  const first = run(job("a"));
  const gone = new AbortController();
  const abandoned = run(job("b"), gone.signal);
  await turns();
  gone.abort(new Error("gone"));
  await expect(abandoned).rejects.toThrow("gone");
  const third = run(job("c"));
  end("a");
  await first;
  await turns();
  end("c");
  expect(await third).toBe("c");
  expect(begun).toEqual(["a", "c"]);
  await expect(run(job("d"), gone.signal)).rejects.toThrow("gone");
});
