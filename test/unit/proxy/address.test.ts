import { BlockList, isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalAddress, createAddressSet } from "../../../src/proxy/address.ts";
import { clientAddress } from "../../../src/proxy/client-address.ts";

describe("canonicalAddress", () => {
  test.each([
    ["127.0.0.1", "127.0.0.1"],
    ["::ffff:1.2.3.4", "1.2.3.4"],
    ["::FFFF:102:304", "1.2.3.4"],
    ["0:0:0:0:0:ffff:1.2.3.4", "1.2.3.4"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["fe80::1%eth0", "fe80::1"],
    ["64:ff9b::1.2.3.4", "64:ff9b::102:304"],
  ])("%s is %s", (text, expected) => expect(canonicalAddress(text)).toBe(expected));

  test.each([
    "",
    "1.2.3",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4.5",
    "1:2",
    ":::",
    "1::2::3",
    "g::",
    "1:2:3:4:5:6:7:8:9",
    "unknown",
    "1.2.3.4::",
    "::1.2.3.4:5",
  ])("%s is no address", (text) => expect(canonicalAddress(text)).toBeNull());

  test("agrees with the URL standard about every IPv6 address, and with itself", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const canonical = canonicalAddress(text);
        expect(canonical).not.toBeNull();
        expect(canonicalAddress(canonical ?? "")).toBe(canonical);
        if (canonical?.includes(":")) expect(`[${canonical}]`).toBe(new URL(`http://[${text}]/`).hostname);
      }),
      { numRuns: 1000 },
    );
  });

  test("takes exactly what Node takes for an address", () => {
    const noise = fc.string({ unit: fc.constantFrom(..."0123456789abf:.".split("")), maxLength: 18 });
    fc.assert(
      fc.property(noise, (text) => {
        expect(canonicalAddress(text) !== null).toBe(isIPv4(text) || isIPv6(text));
      }),
      { numRuns: 5000 },
    );
  });
});

describe("createAddressSet", () => {
  test("holds its blocks, in every spelling", () => {
    const set = createAddressSet(["10.0.0.0/8", "192.168.1.7", "2001:db8::/33", "0.0.0.0/32"]);
    for (const inside of ["10.1.2.3", "::ffff:10.1.2.3", "192.168.1.7", "2001:DB8:7fff::", "0.0.0.0"]) {
      expect(set(inside)).toBe(true);
    }
    for (const outside of ["11.0.0.0", "192.168.1.8", "2001:db8:8000::", "::", "nonsense", ""]) {
      expect(set(outside)).toBe(false);
    }
  });

  test("refuses what is no block", () => {
    for (const block of ["10.0.0.0/33", "x/8", "::/129", "10.0.0.0/", "10.0.0.0/-1"]) {
      expect(() => createAddressSet([block])).toThrow(RangeError);
    }
  });

  test("agrees with node:net's BlockList", () => {
    const near4 = fc
      .tuple(fc.constantFrom(10, 11), fc.nat(255), fc.nat(3), fc.nat(255))
      .map((octets) => octets.join("."));
    fc.assert(
      fc.property(near4, fc.integer({ min: 1, max: 32 }), near4, (network, bits, address) => {
        const list = new BlockList();
        list.addSubnet(network, bits, "ipv4");
        expect(createAddressSet([`${network}/${bits}`])(address)).toBe(list.check(address, "ipv4"));
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(
        fc.ipV6(),
        fc.integer({ min: 1, max: 128 }),
        fc.ipV6(),
        fc.boolean(),
        (network, bits, other, same) => {
          const address = same ? network : other;
          if (canonicalAddress(address)?.includes(".") || canonicalAddress(network)?.includes(".")) return;
          const list = new BlockList();
          list.addSubnet(network, bits, "ipv6");
          expect(createAddressSet([`${network}/${bits}`])(address)).toBe(list.check(address, "ipv6"));
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("clientAddress", () => {
  const trusted = createAddressSet(["10.0.0.0/8"]);
  const from = (peer: string, ...lines: string[]) =>
    clientAddress(
      peer,
      lines.flatMap((line) => ["X-Forwarded-For", line]),
      trusted,
    );

  test("is the peer where the peer is not trusted, whatever it says", () => {
    expect(from("203.0.113.9", "1.1.1.1")).toBe("203.0.113.9");
    expect(from("::ffff:203.0.113.9")).toBe("203.0.113.9");
  });

  test("is the first address from the right that no trusted proxy has", () => {
    expect(from("10.0.0.1", "1.1.1.1, 203.0.113.5, 10.0.0.2")).toBe("203.0.113.5");
    expect(from("::ffff:10.0.0.1", "1.1.1.1", "203.0.113.5", "10.0.0.2")).toBe("203.0.113.5");
    expect(from("10.0.0.1", "203.0.113.5:4711")).toBe("203.0.113.5");
    expect(from("10.0.0.1", "[2001:DB8::1]:80")).toBe("2001:db8::1");
  });

  test("goes no further than an entry that is no address", () => {
    expect(from("10.0.0.1", "203.0.113.5, unknown, 10.0.0.2")).toBe("10.0.0.2");
    expect(from("10.0.0.1")).toBe("10.0.0.1");
    expect(from("10.0.0.1", "10.0.0.3")).toBe("10.0.0.3");
  });
});
