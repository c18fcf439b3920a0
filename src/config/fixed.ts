import type { Config } from "./config.ts";

/** What a gateway has built on when it started. */
const fixedPart = (config: Config) => ({
  issuer: config.issuer,
  audience: config.audience,
  listen: config.listen,
  operations: config.operations,
  store: config.store,
  storeTimeout: config.storeTimeout,
  tokens: config.tokens,
  revocation: config.revocation,
  audit: config.audit,
  workers: config.workers,
});

/** The options that a running gateway cannot change, by the path that they are known by. */
const FIXED: Readonly<Record<string, (config: Config) => unknown>> = {
  issuer: ({ issuer }) => issuer,
  audience: ({ audience }) => audience,
  listen: ({ listen }) => listen,
  "operations.listen": ({ operations }) => operations.listen,
  store: ({ store }) => store,
  storeTimeout: ({ storeTimeout }) => storeTimeout,
  "tokens.access": ({ tokens }) => tokens.access,
  "tokens.keys": ({ tokens }) => tokens.keys,
  revocation: ({ revocation }) => revocation,
  audit: ({ audit }) => audit,
  workers: ({ workers }) => workers,
  // Other files are no matter.
  tls: ({ tls }) => tls === null,
};

/** The next configuration with what processes have in common that share their listeners. */
export function keepListeners(running: Config, next: Config): Config {
  const { listen, operations, workers } = running;
  const tls = (running.tls === null) === (next.tls === null) ? next.tls : running.tls;
  return { ...next, listen, operations, workers, tls };
}

/** The next configuration with what cannot change as it is, and the paths of the options that would have to. */
export function keepFixed(
  running: Config,
  next: Config,
): { readonly config: Config; readonly kept: readonly string[] } {
  const kept = Object.entries(FIXED)
    .filter(([, read]) => JSON.stringify(read(running)) !== JSON.stringify(read(next)))
    .map(([path]) => path);
  const tls = kept.includes("tls") ? running.tls : next.tls;
  return { config: { ...next, ...fixedPart(running), origin: running.origin, tls }, kept };
}
