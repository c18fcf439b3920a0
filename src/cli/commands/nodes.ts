import type { Command } from "commander";
import { globalOptions, withAdmin } from "../context.ts";
import type { Io } from "../io.ts";
import { writeJson, writeTable } from "../output.ts";

/** `postern nodes` */
export function nodesCommand(parent: Command, io: Io): void {
  parent
    .command("nodes")
    .description("the gateways that run on the store")
    .action((_options: object, command: Command) =>
      withAdmin(command, io, async (admin) => {
        const found = await admin.nodes();
        if (globalOptions(command).json) return writeJson(io, found);
        const rows = found.nodes.map((node) => [
          node.node,
          node.version,
          node.config ?? "-",
          node.startedAt,
          node.seenAt,
        ]);
        writeTable(io, ["node", "version", "configuration", "started", "last seen"], rows, "No gateway is running.");
      }),
    );
}
