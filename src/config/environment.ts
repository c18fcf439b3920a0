import type { Secrets, StoreAddress } from "./config.ts";
import { readStore } from "./network.ts";
import { type ConfigProblem, problem } from "./problems.ts";

/** What the environment says. Secrets that it does not name are null. */
export interface EnvironmentValues {
  readonly secret: string | null;
  readonly previous: string | null;
  readonly adminToken: string | null;
  readonly store: StoreAddress | null;
}

export type EnvironmentResult =
  | { readonly ok: true; readonly values: EnvironmentValues }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

const MIN_SECRET_BYTES = 32;
const MIN_ADMIN_TOKEN = 32;

/** How to make a secret, for messages. */
export const MAKE_SECRET = "make one with: openssl rand -base64 48";

/** Reads the variables that Postern knows. An empty variable counts as none. Problems never show a value. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): EnvironmentResult {
  const problems: ConfigProblem[] = [];
  const read = (name: string, refuse: (value: string) => string | null): string | null => {
    const value = env[name] ?? "";
    const refusal = value === "" ? null : refuse(value);
    if (refusal !== null) problems.push(problem([name], refusal));
    return value === "" ? null : value;
  };
  const secret = read("POSTERN_SECRET", refuseSecret);
  const previous = read("POSTERN_SECRET_PREVIOUS", refuseSecret);
  const adminToken = read("POSTERN_ADMIN_TOKEN", refuseAdminToken);
  const storeText = read("POSTERN_STORE", (value) =>
    readStore(value) === null ? 'expected "sqlite:FILE", "redis://HOST:PORT" or "rediss://HOST:PORT"' : null,
  );
  if (previous !== null && secret === null) {
    problems.push(problem(["POSTERN_SECRET"], "is required where POSTERN_SECRET_PREVIOUS is set"));
  }
  if (previous !== null && previous === secret) {
    problems.push(problem(["POSTERN_SECRET_PREVIOUS"], "is POSTERN_SECRET: remove it, or set the new secret"));
  }
  if (problems.length > 0) return { ok: false, problems };
  const store = storeText === null ? null : readStore(storeText);
  return { ok: true, values: { secret, previous, adminToken, store } };
}

/** The secrets with one that was made where the environment names none. */
export const withSecret = ({ previous, adminToken }: EnvironmentValues, secret: string): Secrets => ({
  secret,
  previous,
  adminToken,
});

function refuseSecret(value: string): string | null {
  const bytes = new TextEncoder().encode(value).length;
  if (bytes >= MIN_SECRET_BYTES) return null;
  return `must be at least ${MIN_SECRET_BYTES} bytes, got ${bytes}: ${MAKE_SECRET}`;
}

function refuseAdminToken(value: string): string | null {
  if (value.length < MIN_ADMIN_TOKEN) {
    return `must be at least ${MIN_ADMIN_TOKEN} characters, got ${value.length}: ${MAKE_SECRET}`;
  }
  // RFC 6750 §2.1: what a Bearer header can carry.
  return /^[A-Za-z0-9._~+/-]+=*$/.test(value) ? null : "may hold letters, digits and - . _ ~ + / only, then =";
}
