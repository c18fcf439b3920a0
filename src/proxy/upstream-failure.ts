import type { UpstreamFailure } from "../observe/upstreams.ts";
import type { Problem } from "../protocol/errors.ts";

/** What a failure says about the target: nothing, that it fails, or that it cannot be reached at all. */
export function weightOf(failure: UpstreamFailure): "none" | "one" | "unreachable" {
  switch (failure) {
    case "connect":
    case "connect_timeout":
      return "unreachable";
    case "response_timeout":
    case "closed":
    case "bad_response":
    case "gateway_status":
    case "body":
      return "one";
    // An event stream may be silent for long, and how long a whole response may take is the operator's wish.
    case "idle_timeout":
    case "total_timeout":
      return "none";
  }
}

/** What the client is told where it has been told nothing yet. */
export function problemOf(failure: UpstreamFailure): Problem {
  switch (failure) {
    case "connect_timeout":
    case "response_timeout":
    case "idle_timeout":
    case "total_timeout":
      return { code: "upstream_timeout" };
    case "connect":
    case "closed":
    case "bad_response":
    case "gateway_status":
    case "body":
      return { code: "upstream_failed" };
  }
}

/** Responses in which a target says that it, or what it stands for, does not work. */
export const isGatewayStatus = (status: number): boolean => status >= 502 && status <= 504;
