/** Whether a `traceparent` is one that may be passed on (W3C Trace Context §3.2). */
export const isTraceparent = (value: string): boolean =>
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/.test(value);

/** Whether a request id may be passed on: something that fits into a log line. */
export const isRequestId = (value: string): boolean => /^[\x21-\x7e]{1,128}$/.test(value);
