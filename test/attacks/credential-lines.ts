import { type RawAnswer, rawRequest } from "../support/raw-http.ts";
import type { AttackedGateway } from "./attacked-gateway.ts";

/** Sends a GET with these header lines exactly, in this order and spelling. */
export const sendLines = (
  gateway: Pick<AttackedGateway, "url">,
  target: string,
  lines: readonly string[],
): Promise<RawAnswer> =>
  rawRequest(
    gateway.url,
    `${["GET", target, "HTTP/1.1"].join(" ")}\r\n${["Host: a", "Connection: close", ...lines].join("\r\n")}\r\n\r\n`,
  );
