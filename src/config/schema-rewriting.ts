import type { z } from "zod";
import { refuseFieldValue, refusePrefix, refuseRequestField, refuseResponseField, refuseSetField } from "./fields.ts";
import { group, list, named, text } from "./values.ts";

type Refuse = (name: string) => string | null;

const changes = (refuse: Refuse, whose: string) =>
  group({
    set: named(text("the value of a header", refuseFieldValue), "headers", refuseSetField(refuse))
      .prefault({})
      .describe(`Headers that ${whose} gets, in place of any of that name.`),
    remove: list(text("a header name", refuse), "header names")
      .prefault([])
      .describe(`Headers that ${whose} does not get.`),
  }).optional();

/** Options of a route that change what passes. */
export const REWRITING = {
  stripPrefix: text("the beginning of the route's path", refusePrefix)
    .optional()
    .describe(
      "What is taken from the path's beginning before it is sent: whole segments of the route's own path. The service is told it as `X-Forwarded-Prefix`.",
    ),
  addPrefix: text("a path prefix", refusePrefix)
    .optional()
    .describe("What is put before the path, after `stripPrefix` has been taken away."),
  requestHeaders: changes(refuseRequestField, "the service").describe("What is changed about a request's headers."),
  responseHeaders: changes(refuseResponseField, "the client").describe(
    "What is changed about the headers of the service's responses. Postern's own answers stay as they are.",
  ),
} satisfies z.ZodRawShape;
