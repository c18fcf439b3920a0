import { BEARER_SUBPROTOCOL } from "../protocol/names.ts";

/** The subprotocols of all `Sec-WebSocket-Protocol` lines without `postern.bearer` and the token behind it; null when none is left. */
export function withoutBearer(lines: readonly string[]): string | null {
  const offered = lines.flatMap((line) => line.split(",")).map((name) => name.trim());
  const kept = offered.filter(
    (name, index) => name !== "" && name !== BEARER_SUBPROTOCOL && offered[index - 1] !== BEARER_SUBPROTOCOL,
  );
  return kept.length === 0 ? null : kept.join(", ");
}

/** Whether a client offered the subprotocol that announces a token. */
export const offersBearer = (lines: readonly string[]): boolean =>
  lines.some((line) => line.split(",").some((name) => name.trim() === BEARER_SUBPROTOCOL));
