import { expect, test } from "vitest";
import { countersOf, mergeExpositions } from "../../../src/metrics/merge.ts";
import { prometheusMetrics } from "../../../src/metrics/prometheus.ts";
import { readPrometheusText } from "../../support/prometheus-text.ts";

const ONE = `# HELP a_total As.
# TYPE a_total counter
a_total{route="/a b",outcome="x"} 2
a_total{route="/c",outcome="x"} 1

# HELP view_age_seconds Age.
# TYPE view_age_seconds gauge
view_age_seconds 0.5
# HELP size Size.
# TYPE size gauge
size 10
`;
const TWO = `# HELP a_total As.
# TYPE a_total counter
a_total{route="/a b",outcome="x"} 40
# HELP view_age_seconds Age.
# TYPE view_age_seconds gauge
view_age_seconds +Inf
# HELP size Size.
# TYPE size gauge
size 5
# HELP took Time.
# TYPE took histogram
took_bucket{le="1"} 3
took_bucket{le="+Inf"} 4
took_sum 5.5
took_count 4
`;

test("counters, histograms and gauges add up; of an age the greatest is shown", () => {
  expect(mergeExpositions([ONE, TWO, ""])).toBe(`# HELP a_total As.
# TYPE a_total counter
a_total{route="/a b",outcome="x"} 42
a_total{route="/c",outcome="x"} 1
# HELP view_age_seconds Age.
# TYPE view_age_seconds gauge
view_age_seconds +Inf
# HELP size Size.
# TYPE size gauge
size 15
# HELP took Time.
# TYPE took histogram
took_bucket{le="1"} 3
took_bucket{le="+Inf"} 4
took_sum 5.5
took_count 4
`);
});

test("what has ended leaves its counters behind, and nothing else", () => {
  const left = countersOf([countersOf([ONE]), TWO]);
  expect(left).not.toMatch(/age|size/);
  expect(readPrometheusText(mergeExpositions([left, ONE])).total("a_total")).toBe(46);
  expect(readPrometheusText(left).total("took_count")).toBe(4);
});

test("a configuration that one process has refused is not the one in use everywhere", () => {
  const told = (value: number) =>
    `# HELP postern_config_last_reload_successful x\n# TYPE postern_config_last_reload_successful gauge\npostern_config_last_reload_successful ${value}\n`;
  expect(mergeExpositions([told(1), told(0), told(1)])).toBe(told(0));
});

test("a gauge that has no value yet takes none away", () => {
  const nothing = ONE.replace("size 10", "size Nan");
  expect(readPrometheusText(mergeExpositions([nothing, TWO])).total("size")).toBe(5);
  expect(readPrometheusText(mergeExpositions([TWO, nothing])).total("size")).toBe(5);
});

test("what this gateway exposes reads back as it was, and twice it as double", async () => {
  const metrics = prometheusMetrics("1.2.3");
  metrics.observe({ kind: "request", method: "GET", route: 'a "b" \\ c', outcome: "proxied", status: 200, ms: 3 });
  const readings = {
    view: { state: "fresh", entries: 3, age: 10 },
    hashing: { active: 1, waiting: 0, refused: 2 },
    followers: 0,
    streams: { websocket: 1, event_stream: 0, response: 0, download: 0 },
  } as const;
  const text = await metrics.text(readings);
  const once = readPrometheusText(mergeExpositions([text]));
  expect(once.series).toEqual(readPrometheusText(text).series);
  const twice = readPrometheusText(mergeExpositions([text, text]));
  for (const [name, factor] of [
    ["postern_requests_total", 2],
    ["postern_revocation_view_entries", 2],
    ["postern_workers", 2],
    ["postern_build_info", 1],
    ["postern_config_last_reload_successful", 1],
  ] as const) {
    expect([name, twice.total(name)]).toEqual([name, factor * once.total(name)]);
  }
});
