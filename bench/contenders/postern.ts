import type { Contender } from "../contender.ts";
import { versionOf } from "../machine.ts";
import { type ConfiguredRoute, FEW_ROUTES, MANY_ROUTES } from "../many-routes.ts";
import { logIn, makeMany } from "../postern-client.ts";
import type { Deployment, GatewayOptions } from "../postern-gateways.ts";
import { startPair } from "../postern-pair.ts";

interface Variant {
  readonly name: string;
  readonly label: string;
  readonly missing?: string | null;
  readonly deployment?: Deployment;
  readonly options?: Pick<GatewayOptions, "accessLog" | "runtime">;
}

const postern = ({ name, label, missing = null, deployment = {}, options = {} }: Variant): Contender => ({
  name,
  label,
  missing,
  async start(ground) {
    const { measured, other, accounts, mint, refreshTokens, stop } = await startPair(ground, deployment, options);
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

export const posternLogging = postern({
  name: "postern-log",
  label: "Postern, `log.access: true`",
  options: { accessLog: true },
});

const bun = versionOf("bun", "--version");

/** The same program, unchanged. */
export const posternOnBun = postern({
  name: "postern-bun",
  label: `Postern on Bun ${bun ?? ""}`.trimEnd(),
  missing: bun === null ? "bun is not installed" : null,
  options: { runtime: "bun" },
});

const routed = (routes: readonly ConfiguredRoute[]): Contender =>
  postern({ name: `postern-${routes.length}`, label: `Postern, ${routes.length} routes`, deployment: { routes } });

export const posternFewRoutes = routed(FEW_ROUTES);
export const posternManyRoutes = routed(MANY_ROUTES);
