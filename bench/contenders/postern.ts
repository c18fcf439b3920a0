import type { Contender } from "../contender.ts";
import { type ConfiguredRoute, FEW_ROUTES, MANY_ROUTES } from "../many-routes.ts";
import { logIn, makeMany } from "../postern-client.ts";
import type { Deployment } from "../postern-gateways.ts";
import { startPair } from "../postern-pair.ts";

interface Variant {
  readonly name: string;
  readonly label: string;
  readonly deployment?: Deployment;
  readonly accessLog?: boolean;
}

const postern = ({ name, label, deployment = {}, accessLog = false }: Variant): Contender => ({
  name,
  label,
  missing: null,
  async start(ground) {
    const { measured, other, accounts, mint, refreshTokens, stop } = await startPair(ground, deployment, { accessLog });
    // Two at a time: the passwords' queue would only grow.
    const logIns = (count: number) =>
      makeMany(count, 2, (index) => logIn(other.port, accounts[index % accounts.length] ?? fail()));
    return {
      pid: measured.pid,
      port: measured.port,
      accounts,
      users: (await logIns(accounts.length)).map(({ access }) => access),
      tokens: mint,
      sessions: refreshTokens,
      stop,
    };
  },
});

const fail = (): never => {
  throw new Error("no accounts");
};

export const posternDefaults = postern({ name: "postern", label: "Postern" });

/** With the shortest grace, so that every refresh a second apart is a rotation. */
export const posternRotating = postern({ name: "postern", label: "Postern", deployment: { grace: "1s" } });

export const posternLogging = postern({ name: "postern-log", label: "Postern, `log.access: true`", accessLog: true });

const routed = (routes: readonly ConfiguredRoute[]): Contender =>
  postern({ name: `postern-${routes.length}`, label: `Postern, ${routes.length} routes`, deployment: { routes } });

export const posternFewRoutes = routed(FEW_ROUTES);
export const posternManyRoutes = routed(MANY_ROUTES);
