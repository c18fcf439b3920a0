/** A metric as it is read from an exposition: its head, and its samples by series. */
interface Metric {
  readonly head: string;
  readonly type: string;
  readonly samples: Map<string, number>;
}

/** What does not add up: of these the greatest of all is shown. */
const GREATEST =
  /^(?:nodejs_eventloop_lag|nodejs_version_info|process_start_time|process_max_fds|postern_build_info|postern_config_reloads)|_age_seconds$/;
/** Well only where it is so everywhere. */
const LEAST = /^postern_config_last_reload_successful$/;

type Combine = (one: number, other: number) => number;

function combineOf(name: string): Combine {
  if (LEAST.test(name)) return Math.min;
  return GREATEST.test(name) ? Math.max : (one, other) => one + other;
}

/**
 * Merges what several processes expose in Prometheus' text format 0.0.4 into what one would: counters and histograms are added, and so
 * are gauges, except where a sum would say nothing.
 */
export function mergeExpositions(texts: readonly string[]): string {
  return write(read(texts));
}

/** What is left of processes that have ended: what they have counted. Without it the sums would go down, as no counter may. */
export function countersOf(texts: readonly string[]): string {
  return write(new Map([...read(texts)].filter(([, { type }]) => type === "counter" || type === "histogram")));
}

function read(texts: readonly string[]): Map<string, Metric> {
  const metrics = new Map<string, Metric>();
  for (const text of texts) {
    let help = "";
    let name = "";
    let metric: Metric | undefined;
    for (const line of text.split("\n")) {
      if (line === "") continue;
      if (line.startsWith("# HELP ")) {
        help = line;
      } else if (line.startsWith("# TYPE ")) {
        const [, , found = "", type = ""] = line.split(" ");
        name = found;
        metric = metrics.get(name) ?? { head: `${help}\n${line}\n`, type, samples: new Map() };
        metrics.set(name, metric);
      } else if (metric !== undefined) {
        const space = line.lastIndexOf(" ");
        add(metric, line.slice(0, space), toNumber(line.slice(space + 1)), combineOf(name));
      }
    }
  }
  return metrics;
}

function add({ samples }: Metric, series: string, value: number, combine: Combine): void {
  const known = samples.get(series);
  if (known === undefined || Number.isNaN(known)) samples.set(series, value);
  else if (!Number.isNaN(value)) samples.set(series, combine(known, value));
}

function write(metrics: ReadonlyMap<string, Metric>): string {
  let text = "";
  for (const { head, samples } of metrics.values()) {
    text += head;
    for (const [series, value] of samples) text += `${series} ${toText(value)}\n`;
  }
  return text;
}

const toNumber = (text: string): number => Number(text.replace("Inf", "Infinity"));

function toText(value: number): string {
  if (Number.isNaN(value)) return "Nan";
  return String(value).replace("Infinity", "Inf").replace(/^Inf/, "+Inf");
}
