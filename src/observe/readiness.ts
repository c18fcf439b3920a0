/** Whether a gateway can do its work, and what is missing. */
export interface Readiness {
  readonly ready: boolean;
  /** `stopping`: it has been told to end. */
  readonly status: "ready" | "not ready" | "stopping";
  /** What readiness depends on, by name: `ok`, `fresh` and `aging` are well. */
  readonly checks: Readonly<Record<"store" | "clock" | "view" | "keys", string>>;
  /** What its operator must change. */
  readonly problems?: readonly string[];
  /** What its configuration is called. */
  readonly config: string;
  /** Where several processes are one gateway: those that take connections, and those that there should be. */
  readonly workers?: { readonly running: number; readonly wanted: number };
}

/** What a gateway says of itself to those who operate it. */
export interface Reports {
  readiness(): Promise<Readiness>;
  /** Metrics in the form of `Metrics.contentType`. */
  metrics(): Promise<string>;
}
