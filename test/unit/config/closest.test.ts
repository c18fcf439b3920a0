import { describe, expect, it } from "vitest";
import { closest } from "../../../src/config/closest.ts";

describe("closest", () => {
  it.each([
    ["ordrs", "orders"],
    ["odrers", "orders"],
    ["Orders", "orders"],
    ["isuer", "issuer"],
    ["ttl", "ttl"],
  ])("%s means %s", (word, meant) => {
    expect(closest(word, ["upstreams", "orders", "issuer", "ttl", "alg"])).toBe(meant);
  });

  it.each(["", "zzz", "completely-different"])("%j means nothing", (word) => {
    expect(closest(word, ["upstreams", "orders"])).toBeNull();
  });
});
