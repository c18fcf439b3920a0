// Somebody holds a connection open: whatever ends what they may do ends the connection, on the gateway that took it and on the
// other one, in two processes on one database file.
import { join } from "node:path";
import { tempDir } from "../support/temp-dir.ts";
import { startPairOn } from "./gateway-pair.ts";
import { describeOpenStreams } from "./open-streams.ts";

describeOpenStreams(async (options) => {
  const file = join(await tempDir(), "postern.db");
  return startPairOn({ kind: "sqlite", file }, options);
});
