import { expect, test } from "vitest";
import { addressBucket } from "../../../src/accounts/address-bucket.ts";
import { loginBuckets } from "../../../src/accounts/login-limits.ts";

const limits = { perAccount: { attempts: 10, window: 900_000 }, perAddress: { attempts: 100, window: 900_000 } };

test("a login counts for its account and for its address", () => {
  const buckets = loginBuckets({ account: "alice", address: "192.0.2.7", device: null }, limits);
  expect(buckets).toEqual([
    { key: "account:alice", limit: 10, window: 900_000, lock: 30_000, maxLock: 900_000 },
    { key: "address:192.0.2.7", limit: 100, window: 900_000, lock: 30_000, maxLock: 900_000 },
  ]);
});

test("a device that shows a token of the account is counted by itself alone", () => {
  const device = { sid: "s_1" };
  const buckets = loginBuckets({ account: "alice", address: "192.0.2.7", device }, limits);
  expect(buckets.map((bucket) => bucket.key)).toEqual(["device:alice:s_1"]);
});

test.each([
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:DB8:1:2::1", "2001:db8:1:2::/64"],
  ["2001:0db8:0001:0002:0000::", "2001:db8:1:2::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::ffff:c000:207", "192.0.2.7"],
  ["192.0.2.7", "192.0.2.7"],
  ["no:address", "no:address"],
])("%s counts for %s", (address, bucket) => {
  expect(addressBucket(address)).toBe(bucket);
});
