import type { Issuer } from "./issuer.ts";

/** What every contender is given. */
export interface Ground {
  /** A private folder, removed afterwards. */
  readonly folder: string;
  readonly upstreamPort: number;
  readonly es256: Issuer;
  readonly rs256: Issuer;
}

export interface Standing {
  readonly pid: number;
  readonly port: number;
  /** Distinct tokens that it accepts and has not seen; null where it asks for none. */
  readonly tokens: ((count: number) => Promise<readonly string[]>) | null;
  /** Refresh tokens of as many new sessions; null where there are none. */
  readonly sessions: ((count: number) => Promise<readonly string[]>) | null;
  stop(): Promise<void>;
}

export interface Contender {
  /** What `--only` takes. */
  readonly name: string;
  /** What the table says, versions included. */
  readonly label: string;
  /** What is missing on this machine, or null. */
  readonly missing: string | null;
  start(ground: Ground): Promise<Standing>;
}
