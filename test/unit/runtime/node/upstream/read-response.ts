import type { ResponseHead } from "../../../../../src/runtime/node/upstream/response-head.ts";
import { ResponseReader } from "../../../../../src/runtime/node/upstream/response-reader.ts";
import { UpstreamError } from "../../../../../src/runtime/node/upstream/upstream-error.ts";

/** What a reader made of what an upstream sent. */
export interface ReadResponse {
  readonly interim: number[];
  readonly head: Pick<ResponseHead, "status" | "phrase" | "headers"> | null;
  /** Latin-1. */
  readonly body: string;
  /** `open`: more would have to come. */
  readonly end: "complete" | "switched" | "open" | "refused" | "cut";
  /** Whether the connection may serve another request. */
  readonly reusable: boolean;
}

export interface ReadOptions {
  readonly method?: string;
  readonly upgrade?: boolean;
  /** Whether the upstream closes after the last piece. */
  readonly closes?: boolean;
}

/** Has a reader read these pieces, each from a buffer that is overwritten afterwards, as a shared one would be. */
export function readResponse(
  pieces: readonly string[],
  { method = "GET", upgrade = false, closes = false }: ReadOptions = {},
): ReadResponse {
  const interim: number[] = [];
  let head: ResponseHead | null = null;
  const body: Buffer[] = [];
  let ended = false;
  let clean = false;
  const reader = new ResponseReader({
    method,
    upgrade,
    onComplete: (nothingAfter) => {
      clean = nothingAfter;
    },
    sink: {
      onInterim: ({ status }) => void interim.push(status),
      onHead: (read) => {
        head = read;
      },
      onData: (piece, last) => {
        if (ended) throw new Error("a piece after the end");
        body.push(piece);
        ended = last;
      },
      onEnd: () => {
        if (ended) throw new Error("two ends");
        ended = true;
      },
    },
  });
  const result = (end: ReadResponse["end"]): ReadResponse => {
    const { status, phrase, headers } = head ?? reader.head ?? { status: 0, phrase: "", headers: [] };
    const reusable = end === "complete" && clean && reader.persistent;
    const seen = status === 0 ? null : { status, phrase, headers };
    return { interim, head: seen, body: Buffer.concat(body).toString("latin1"), end, reusable };
  };
  try {
    for (const piece of pieces) {
      const bytes = Buffer.from(piece, "latin1");
      const stopped = reader.read(bytes, bytes.length);
      if (stopped < bytes.length || (reader.state === "complete" && piece !== pieces.at(-1))) clean = false;
      bytes.fill(0x2a);
      if (reader.state === "switched") return result("switched");
    }
    if (closes) reader.close();
  } catch (error) {
    if (error instanceof UpstreamError) return result(error.failure === "bad_response" ? "refused" : "cut");
    throw error;
  }
  if (ended !== (reader.state === "complete")) throw new Error("an end that was not told");
  return result(ended ? "complete" : "open");
}
