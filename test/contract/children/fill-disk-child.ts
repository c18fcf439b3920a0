import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "../../../src/runtime/node/open-store.ts";

/** Works on a small file system that its argument names, fills it, makes room again, and prints what it saw as JSON. */
const [folder = ""] = process.argv.slice(2);
const file = join(folder, "postern.db");
const store = await openStore({ kind: "sqlite", file }, { timeout: 10_000 });
const create = (name: string) =>
  store.createUser({
    user: { id: `u_${name}`, username: name, usernameKey: name, passwordHash: "x".repeat(500), roles: [] },
    origin: { actor: "cli", address: null },
  });

writeFileSync(join(folder, "ballast"), Buffer.alloc(200_000));
const acknowledged: string[] = [];
let refused = "";
for (let index = 0; refused === "" && index < 10_000; index++) {
  const name = `user-${String(index).padStart(5, "0")}`;
  await create(name).then(
    () => acknowledged.push(name),
    (error: Error) => {
      refused = error.name;
    },
  );
}
const known = async (): Promise<string[]> =>
  (await store.listUsers({ after: null, limit: 10_000 })).map(({ username }) => username);
const whenFull = await known();
rmSync(join(folder, "ballast"));
const madeRoom = (await create("zoe")).ok;
await store.close();
const again = await openStore({ kind: "sqlite", file }, { timeout: 10_000 });
const after = (await again.listUsers({ after: null, limit: 10_000 })).map(({ username }) => username);
await again.close();
process.stdout.write(JSON.stringify({ acknowledged, refused, whenFull, madeRoom, after }));
