#!/usr/bin/env node
// Plain syntax as far as the check: an old Node must come to its message and not to a syntax error.
var wanted = [22, 19];
var found = process.versions.node.split(".").map(Number);
if (found[0] < wanted[0] || (found[0] === wanted[0] && found[1] < wanted[1])) {
  process.stderr.write(
    `postern: Node ${wanted.join(".")} or later is needed; this is Node ${process.versions.node}.\n`,
  );
  process.exit(1);
}

import("../dist/cli/main.js").catch((error) => {
  // A checkout that was not built runs from source.
  if (error.code === "ERR_MODULE_NOT_FOUND" && /dist[\\/]cli[\\/]main\.js/.test(error.message)) {
    return import("../src/cli/main.ts");
  }
  throw error;
});
