import type { Cors } from "../routing/route.ts";
import type { ParsedInput } from "./schema.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/** What the gateway's own answers say in headers. */
const EXPOSED = ["ETag", "WWW-Authenticate", "Retry-After", "RateLimit", "RateLimit-Policy"];

/** Of every answer that no route says otherwise about. */
export const toCors = ({ origins }: ParsedInput["cors"]): Cors => ({
  origins,
  credentials: true,
  methods: METHODS.join(", "),
  headers: null,
  expose: EXPOSED.join(", "),
  maxAge: "600",
  alone: false,
});

export function toRouteCors(cors: ParsedInput["routes"][number]["cors"], all: Cors): Cors | null {
  if (cors === undefined) return all;
  if (cors === false) return null;
  const { origins, credentials, methods, headers, expose, maxAge } = cors;
  return {
    ...{ origins, credentials },
    methods: (methods ?? METHODS).join(", "),
    headers: headers === undefined ? null : headers.join(", "),
    expose: [...EXPOSED, ...expose].join(", "),
    maxAge: String(Math.floor(maxAge / 1000)),
    alone: true,
  };
}
