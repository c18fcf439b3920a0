export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a scrape brought. */
export class Scrape {
  readonly samples: readonly Sample[];

  constructor(samples: readonly Sample[]) {
    this.samples = samples;
  }

  /** The sum of the samples with that name that carry these labels. */
  total(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.samples
      .filter(
        (sample) => sample.name === name && Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
      )
      .reduce((sum, { value }) => sum + value, 0);
  }

  /** Every series, as a name with its labels. */
  get series(): string[] {
    return this.samples.map(({ name, labels }) => name + JSON.stringify(labels));
  }
}

const TYPE = /^# TYPE ([a-z0-9_]+) (counter|gauge|histogram|summary)$/;
const SAMPLE = /^([a-z0-9_]+)(?:\{(.*)\})? (-?[0-9.e+-]+|[+-]?Inf|Nan)$/;
const LABEL = /^([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/;
const SUFFIXES = {
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"],
  counter: [""],
  gauge: [""],
};

/** Reads Prometheus' text format 0.0.4; throws at whatever does not keep to it, such as a sample outside of its metric. */
export function readPrometheusText(text: string): Scrape {
  const samples: Sample[] = [];
  const declared = new Set<string>();
  let allowed: readonly string[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("# HELP ")) continue;
    const type = TYPE.exec(line);
    if (type !== null) {
      const [, name = "", kind = ""] = type;
      if (declared.has(name)) throw new Error(`declared twice: ${line}`);
      declared.add(name);
      allowed = SUFFIXES[kind as keyof typeof SUFFIXES].map((suffix) => name + suffix);
      continue;
    }
    const sample = SAMPLE.exec(line);
    if (sample === null) throw new Error(`not a sample: ${line}`);
    const [, name = "", labels = "", value = ""] = sample;
    if (!allowed.includes(name)) throw new Error(`outside of its metric: ${line}`);
    samples.push({ name, labels: readLabels(labels), value: Number(value.replace("Inf", "Infinity")) });
  }
  const scrape = new Scrape(samples);
  const { series } = scrape;
  if (new Set(series).size !== series.length) throw new Error("a series stands there twice");
  return scrape;
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== ""; ) {
    const label = LABEL.exec(rest);
    if (label === null) throw new Error(`not labels: ${text}`);
    const [whole, name = "", value = ""] = label;
    labels[name] = value.replace(/\\([\\"n])/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
    rest = rest.slice(whole.length);
  }
  return labels;
}
