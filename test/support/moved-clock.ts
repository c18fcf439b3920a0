// Loaded into a process before everything else (`--import`): its clock is moved by the milliseconds that stand in a file.
import { readFileSync } from "node:fs";

const EVERY = 10;
const file = process.env.MOVED_CLOCK_FILE ?? "";
const real = Date.now;
let offset = 0;

function read(): void {
  offset = Number(readFileSync(file, "utf8"));
}

read();
setInterval(read, EVERY).unref();
Date.now = () => real() + offset;
