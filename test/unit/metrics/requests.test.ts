import { expect, test } from "vitest";
import { Exposition } from "../../../src/metrics/exposition.ts";
import { RequestMetrics } from "../../../src/metrics/requests.ts";
import { readPrometheusText } from "../../support/prometheus-text.ts";

const scrape = (requests: RequestMetrics) => {
  const exposition = new Exposition();
  requests.write(exposition);
  return readPrometheusText(exposition.text);
};

test("a request falls into the smallest bucket that holds it, and into those above", () => {
  const requests = new RequestMetrics();
  for (const ms of [0.2, 1, 1.1, 11_000]) {
    requests.observe({ kind: "request", method: "GET", route: "/a", outcome: "proxied", status: 200, ms });
  }
  const found = scrape(requests);
  const name = "postern_request_duration_seconds";
  const bucket = (le: string) => found.total(`${name}_bucket`, { route: "/a", le });
  expect([bucket("0.001"), bucket("0.0025"), bucket("10"), bucket("+Inf")]).toEqual([2, 3, 3, 4]);
  expect(found.total(`${name}_sum`)).toBeCloseTo(11.0023, 6);
  expect(found.total(`${name}_count`)).toBe(4);
});

test("a status beyond the five classes counts with the last one", () => {
  const requests = new RequestMetrics();
  for (const status of [101, 204, 303, 499, 503, 999]) {
    requests.observe({ kind: "request", method: "GET", route: "/a", outcome: "answered", status, ms: 1 });
  }
  const found = scrape(requests);
  const counts = ["1xx", "2xx", "3xx", "4xx", "5xx"].map((status) =>
    found.total("postern_requests_total", { route: "/a", outcome: "answered", status }),
  );
  expect(counts).toEqual([1, 1, 1, 1, 2]);
});

test("routes are counted apart, and their characters are escaped", () => {
  const requests = new RequestMetrics();
  const odd = 'a"b\\c\nd';
  for (const route of [odd, odd, "/b"]) {
    requests.observe({ kind: "request", method: "GET", route, outcome: "not_found", status: 404, ms: 1 });
  }
  const found = scrape(requests);
  expect(found.total("postern_requests_total", { route: odd })).toBe(2);
  expect(found.total("postern_requests_total", { route: "/b" })).toBe(1);
});
