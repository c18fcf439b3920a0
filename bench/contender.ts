import type { Issuer } from "./issuer.ts";
import type { Account } from "./postern-client.ts";

/** What every contender is given. */
export interface Ground {
  /** A private folder, removed afterwards. */
  readonly folder: string;
  readonly upstreamPort: number;
  readonly es256: Issuer;
  readonly rs256: Issuer;
  /** Where the measured Postern leaves a CPU profile when it stops, or null. */
  readonly profile: string | null;
}

export interface Standing {
  readonly pid: number;
  readonly port: number;
  /** Access tokens of a few logged-in users; null where none is asked for. */
  readonly users: readonly string[] | null;
  /** Who can log in. */
  readonly accounts?: readonly Account[];
  /** Distinct access tokens that it accepts and has not seen. */
  readonly tokens?: (count: number) => Promise<readonly string[]>;
  /** Refresh tokens of as many new sessions. */
  readonly sessions?: (count: number) => Promise<readonly string[]>;
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
