import { CommanderError } from "commander";
import { expect, it } from "vitest";
import { describeFailure, Incomplete, Unavailable, UsageError } from "../../../src/cli/exit.ts";
import { ConfigError } from "../../../src/config/config-error.ts";
import { AdministrationError } from "../../../src/http/admin/administration.ts";
import { StoreOutcomeUnknown, StoreUnavailable } from "../../../src/stores/store.ts";

it.each([
  [new UsageError("x"), 2, "x"],
  [new ConfigError("f", [{ path: "a", message: "b" }]), 78, "f cannot be used:\n  a: b"],
  [new Unavailable("x"), 69, "x"],
  [new StoreUnavailable("userByName: internal"), 69, "The store cannot be reached; nothing has been changed."],
  [new StoreOutcomeUnknown("x"), 69, "The store did not confirm in time; running the command again is safe."],
  [new AdministrationError({ code: "not_found", detail: "There is no x" }), 1, "There is no x."],
  [new AdministrationError({ code: "store_unavailable", detail: "x" }), 69, "x."],
  [new CommanderError(1, "commander.unknownOption", "x"), 2, null],
  [new CommanderError(0, "commander.version", "x"), 0, null],
  [new Incomplete("x"), 1, null],
  [new Error("x"), 1, "x"],
  ["x", 1, "x"],
])("%s ends with %d", (error, code, message) => {
  expect(describeFailure(error)).toEqual({ code, message });
});
