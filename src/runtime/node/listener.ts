import type { Decision } from "../../app/decision.ts";
import type { Front } from "../../app/gateway.ts";
import { randomHex } from "../../lib/random-hex.ts";
import type { Exchange } from "./exchange.ts";
import { HttpListener, type Listener, type Serving } from "./http-listener.ts";
import { createProxy, type ReverseProxy } from "./proxy.ts";
import { SharedTargets } from "./shared-targets.ts";
import { answerAsWeb } from "./web-request.ts";
import { WebSockets } from "./websocket.ts";

/** The public listener: Postern's own endpoints, and everything else by decision to its upstream. */
export function createListener(front: Front): Listener {
  const webSockets = new WebSockets(front.streams);
  const targets = new SharedTargets(front.observe);
  const shared = { pseudonym: `postern-${randomHex(6)}`, webSockets, targets };

  function under(front: Front): Serving {
    const proxy = createProxy(front, shared);
    const { origin, maxBody } = front.config;
    return {
      front,
      serve(exchange) {
        const { target, headers, peer, req } = exchange;
        if (front.isReserved(target)) {
          exchange.route = "reserved";
          return answerAsWeb(exchange, { answer: front.endpoints, tooLarge: front.tooLarge, origin, maxBody });
        }
        const decision = front.decide({ method: req.method ?? "GET", target, headers, peer });
        return decision instanceof Promise
          ? decision.then((settled) => carryOut(exchange, settled, proxy))
          : carryOut(exchange, decision, proxy);
      },
      retire: () => proxy.retire(),
      end: () => proxy.destroy(),
    };
  }
  return new HttpListener(under, front, {
    webSockets,
    observed: true,
    bounds: ({ config }) => config.connections,
    tls: ({ config }) => config.tls,
  });
}

/** The listener for operators: probes, metrics and the admin API. */
export function createOperationsListener(front: Front): Listener {
  function under(front: Front): Serving {
    const { origin, maxBody } = front.config;
    const answers = { answer: front.operations, tooLarge: front.tooLarge, origin, maxBody };
    return { front, serve: (exchange) => answerAsWeb(exchange, answers), retire() {}, end() {} };
  }
  return new HttpListener(under, front, {
    webSockets: new WebSockets(front.streams),
    observed: false,
    bounds: ({ config }) => config.connections,
    tls: () => null,
  });
}

function carryOut(exchange: Exchange, decision: Decision, proxy: ReverseProxy): void | Promise<void> {
  switch (decision.kind) {
    case "pass":
      exchange.route = routeLabel(decision.route);
      exchange.corsRules = decision.route.cors;
      if (exchange.upgrade !== null && !decision.route.websocket) {
        exchange.refuse({ code: "forbidden", detail: "This route takes no WebSockets." });
        return;
      }
      return proxy.forward(exchange, decision);
    case "redirect": {
      exchange.route = routeLabel(decision.route);
      const cookies = decision.cookies.flatMap((cookie) => ["Set-Cookie", cookie]);
      exchange.answer(303, ["Location", decision.location, "Cache-Control", "no-store", ...cookies]);
      return;
    }
    case "preflight":
      exchange.answer(204, decision.headers);
      return;
    case "refuse":
      if (decision.route !== null) {
        exchange.route = routeLabel(decision.route);
        exchange.corsRules = decision.route.cors;
      }
      exchange.refuse(decision.problem);
      return;
    default:
      decision satisfies never;
  }
}

const routeLabel = ({ host, path }: { readonly host: string | null; readonly path: string }): string =>
  host === null ? path : host + path;
