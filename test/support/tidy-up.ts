import { afterAll } from "vitest";
import { tidyUp } from "./at-end.ts";

// A setup file: it runs for each test file, also where several share one process and its modules.
afterAll(tidyUp);
