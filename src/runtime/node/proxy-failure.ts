import type { UpstreamFailure } from "../../observe/upstreams.ts";

/** How a connection fails that the upstream closed, perhaps just as it was used again (RFC 9112 §9.3.1). */
const CLOSED = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);
/** What went wrong on this side: it says nothing about the upstream. */
const OWN = new Set([
  "UND_ERR_INVALID_ARG",
  "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH",
  "UND_ERR_DESTROYED",
  "UND_ERR_CLOSED",
]);

/** The whole response has taken longer than the upstream may take. */
export class TotalTimeout extends Error {
  override readonly name = "TotalTimeout";
  readonly code = "TOTAL_TIMEOUT";
}

/** How far the request had come: waiting for a connection, sent, or answered in part. */
export type Phase = "connecting" | "sent" | "answering";

/** Null: not the upstream's failure. */
export function failureOf(error: Error, phase: Phase): UpstreamFailure | null {
  const code = "code" in error ? String(error.code) : "";
  if (OWN.has(code)) return null;
  switch (code) {
    case "TOTAL_TIMEOUT":
      return "total_timeout";
    case "UND_ERR_CONNECT_TIMEOUT":
      return "connect_timeout";
    case "UND_ERR_HEADERS_TIMEOUT":
      return "response_timeout";
    case "UND_ERR_BODY_TIMEOUT":
      return "idle_timeout";
  }
  switch (phase) {
    case "connecting":
      return code === "ETIMEDOUT" ? "connect_timeout" : "connect";
    case "sent":
      return CLOSED.has(code) ? "closed" : "bad_response";
    case "answering":
      return "body";
  }
}
