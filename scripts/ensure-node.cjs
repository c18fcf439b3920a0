// Preloaded by every npm script (node --require), so that a Node too old to run TypeScript says what to do instead of
// failing on the first import. Plain CommonJS in old syntax: it must load in whatever Node the machine has.
"use strict";

var wanted = [22, 19];
var found = process.versions.node.split(".").map(Number);

if (found[0] < wanted[0] || (found[0] === wanted[0] && found[1] < wanted[1])) {
  console.error(
    "This is Node " +
      process.versions.node +
      "; Postern needs " +
      wanted.join(".") +
      " or newer.\n" +
      'The project brings its own as the npm package "node", whose install script has not run.\n' +
      "Run it with\n\n    npm ci && npm rebuild node\n\n" +
      "and use npm's scripts (npm test, npm start, npm run ...), which find it before the machine's own.",
  );
  process.exit(1);
}
