import type { UpstreamFailure } from "../../../observe/upstreams.ts";

/** An exchange with an upstream that has failed. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  /** Null: it says nothing about the upstream. */
  readonly failure: UpstreamFailure | null;

  constructor(failure: UpstreamFailure | null, message: string, cause?: unknown) {
    super(message, { cause });
    this.failure = failure;
  }
}

/** What takes the response has failed: a defect of ours. */
export class Defect extends UpstreamError {
  constructor(cause: unknown) {
    super(null, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** A response that breaks RFC 9112. Nothing after it on the same connection can be believed. */
export const badResponse = (why: string): UpstreamError => new UpstreamError("bad_response", why);
