/** The gateways that the black-box suite (`test/http`, `test/attacks`) runs against; each is a vitest project of this name. */
export const GATEWAY_KINDS = ["node-sqlite", "node-redis", "worker-sqlite", "worker-redis"] as const;

export type GatewayKind = (typeof GATEWAY_KINDS)[number];

export const BLACK_BOX = "test/{attacks,http}/**/*.test.ts";

export const usesRedis = (kind: GatewayKind): boolean => kind === "node-redis" || kind === "worker-redis";
export const isWorker = (kind: GatewayKind): boolean => kind === "worker-sqlite" || kind === "worker-redis";

declare module "vitest" {
  interface ProvidedContext {
    /** Absent outside of the black-box suite. */
    gatewayKind?: GatewayKind;
    /** The Redis of this run, for the kinds that use one. */
    redisPort?: number;
    /** The folder of the built Worker, for the kinds that are one. */
    workerBundle?: string;
  }
}
