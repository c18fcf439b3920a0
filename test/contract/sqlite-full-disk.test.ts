import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runChild } from "../support/child.ts";
import { tempDir } from "../support/temp-dir.ts";

// A file system of 2 MB in a namespace of its own: root may, and others may where the kernel lets them be root in one.
const UNSHARE = process.getuid?.() === 0 ? ["-m"] : ["-rm"];
const mountable = spawnSync("unshare", [...UNSHARE, "sh", "-c", "mount -t tmpfs -o size=2m tmpfs /mnt"]).status === 0;
if (!mountable) console.log("no file system can be mounted here: a full disk is tried in test/unit/runtime/node only");

test.skipIf(!mountable)(
  "a full disk refuses writes, loses nothing, and is written again when there is room",
  async () => {
    const child = fileURLToPath(new URL("children/fill-disk-child.ts", import.meta.url));
    const script = 'mount -t tmpfs -o size=2m tmpfs "$1" && exec "$2" "$3" "$1"';
    const args = [...UNSHARE, "sh", "-c", script, "sh", await tempDir(), process.execPath, child];
    const { code, stdout, stderr } = await runChild("unshare", args, { env: { ...process.env, NODE_OPTIONS: "" } });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const seen = JSON.parse(stdout);
    expect(seen.refused).toBe("StoreUnavailable");
    expect(seen.acknowledged.length).toBeGreaterThan(20);
    expect(seen.whenFull).toEqual(seen.acknowledged);
    expect(seen.madeRoom).toBe(true);
    expect(seen.after).toEqual([...seen.acknowledged, "zoe"]);
  },
  60_000,
);
