import type { Problem } from "../protocol/errors.ts";

/** Whether a body is known to be too long before any of it has come. `length`: of Content-Length, null where there is none. */
export const isTooLong = (length: string | null, max: number): boolean => length !== null && Number(length) > max;

/** `max` in bytes. */
export const bodyTooLong = (max: number): Problem => ({
  code: "too_large",
  detail: `At most ${max} bytes are taken here.`,
});
