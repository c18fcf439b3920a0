/** Labels in the order in which they are written. */
export type Labels = Readonly<Record<string, string>>;

/** Writes metrics in Prometheus' text format 0.0.4. */
export class Exposition {
  #text = "";

  /** Starts a metric; what is sampled after it belongs to it. */
  metric(name: string, type: "counter" | "histogram", help: string): void {
    this.#text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
  }

  sample(name: string, labels: Labels, value: number): void {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
    this.#text += `${name}{${pairs.join()}} ${value}\n`;
  }

  get text(): string {
    return this.#text;
  }
}

const escapeLabel = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
