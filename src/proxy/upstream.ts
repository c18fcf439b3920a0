/** When a target that fails is left out for a while; milliseconds. */
export interface EjectionRules {
  /** Failures in a row. One that could not even be connected to is left out at once. */
  readonly failures: number;
  /** For how long the first time; each time after that for twice as long, up to `maxTime`. */
  readonly time: number;
  readonly maxTime: number;
}

/** How targets are asked whether they are well; milliseconds. */
export interface HealthRules {
  /** Any 2xx there means yes. */
  readonly path: string;
  readonly interval: number;
  readonly timeout: number;
  /** Answers in a row that change what is believed. */
  readonly healthy: number;
  readonly unhealthy: number;
}

/** PEM, all of it. */
export interface UpstreamTls {
  /** In place of the system's; null: those. */
  readonly ca: string | null;
  /** The certificate that the gateway shows, and its key. */
  readonly client: { readonly cert: string; readonly key: string } | null;
  /** The name that the target's certificate must be for; null: the target's own. */
  readonly serverName: string | null;
}

export type Balance = "least-outstanding" | "round-robin";

/** A service behind the gateway. Times are in milliseconds. */
export interface Upstream {
  readonly name: string;
  /** Origins, `http://host:port`. */
  readonly targets: readonly string[];
  readonly balance: Balance;
  /** The Host that is sent: the client's, the target's own, or a fixed one. */
  readonly host: "client" | "target" | { readonly name: string };
  /** Until a connection is made. A free connection is waited for as long. */
  readonly connectTimeout: number;
  /** Until the response's headers have come. */
  readonly responseTimeout: number;
  /** Between two pieces of the response's body. */
  readonly idleTimeout: number;
  /** From the request's start to the response's end; null: no bound. */
  readonly totalTimeout: number | null;
  /** Requests and WebSockets at once, for each target. */
  readonly maxConnections: number;
  /** Requests that may wait for a free connection. */
  readonly maxPending: number;
  /** Null: no target is ever left out for its failures. */
  readonly ejection: EjectionRules | null;
  readonly health: HealthRules | null;
  /** How long a target that comes back gets fewer requests than others. */
  readonly slowStart: number;
  readonly tls: UpstreamTls | null;
}
