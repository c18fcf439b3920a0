import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Decision } from "../../app/decision.ts";
import type { HeaderList } from "../../lib/header-list.ts";
import type { Observation } from "../../observe/observation.ts";
import { corsHeaders } from "../../policy/cors.ts";
import type { Problem } from "../../protocol/errors.ts";
import { problemBody } from "../../protocol/problem-body.ts";
import type { Framing } from "../../proxy/check-request.ts";
import type { Cors } from "../../routing/route.ts";

/** What every answer on a listener has in common. */
export interface AnswerOptions {
  /** Headers of each answer of our own. */
  readonly secure: HeaderList;
  readonly cors: Cors;
  /** Whether the listener is closing: its connections end with the answers that are under way. */
  readonly draining: () => boolean;
  /** Connections that end with the answer that is being made: what else they bring is not looked at. */
  readonly ending: WeakSet<Socket>;
}

/** What a client whose request the server's own checks have passed is about to change over to. */
export interface Upgrade {
  readonly socket: Socket;
  /** What came after the request's head. */
  readonly head: Buffer;
  /** Milliseconds after which a side that takes nothing is let go. */
  readonly sendTimeout: number;
}

/** What the decision has let through. */
export type Passed = Omit<Extract<Decision, { kind: "pass" }>, "kind">;

const NO_BODY: Framing = { kind: "none" };

/** One request and its answer, on whichever way the answer is made. */
export class Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly peer: string;
  readonly upgrade: Upgrade | null;
  /** Whether the server has let go of the socket: a body would not be read as one. */
  readonly detached: boolean;
  readonly #options: AnswerOptions;
  /** Origin-form, and the headers with the Host that counts. */
  target = "";
  headers: HeaderList;
  framing = NO_BODY;
  /** Whether the client holds its body back until it is told to continue (RFC 9110 §10.1.1). */
  awaitsContinue: boolean;
  route = "-";
  /** The route's, once there is one. */
  corsRules: Cors | null;
  /** Called once when the answer is out or the client is gone. */
  onClose: (() => void) | null = null;
  outcome: Extract<Observation, { kind: "request" }>["outcome"] = "answered";

  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    options: AnswerOptions,
    more: Pick<Exchange, "peer" | "awaitsContinue" | "upgrade" | "detached">,
  ) {
    this.req = req;
    this.res = res;
    this.headers = req.rawHeaders;
    this.corsRules = options.cors;
    this.peer = more.peer;
    this.awaitsContinue = more.awaitsContinue;
    this.upgrade = more.upgrade;
    this.detached = more.detached;
    this.#options = options;
  }

  get hasBody(): boolean {
    return this.framing.kind !== "none";
  }

  /** Whether there is nobody left to answer, or nothing left to say. */
  get gone(): boolean {
    return this.res.destroyed || this.res.closed || this.res.writableEnded;
  }

  /** Lets the client send its body, if it waits for that. */
  continue(): void {
    if (!this.awaitsContinue) return;
    this.awaitsContinue = false;
    this.res.writeContinue();
  }

  /** Sends an interim response, where the client speaks a version that has them and its turn has come (RFC 9110 §15.2). */
  interim(status: number, headers: HeaderList): void {
    const { req, res } = this;
    if (req.httpVersion !== "1.1" || this.detached || this.gone || res.headersSent || res.socket === null) return;
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n`;
    for (let index = 0; index < headers.length; index += 2) head += `${headers[index]}: ${headers[index + 1]}\r\n`;
    res.socket.write(`${head}\r\n`, "latin1");
  }

  cors(): HeaderList {
    return corsHeaders(this.headers, this.corsRules);
  }

  refuse(problem: Problem): void {
    this.outcome = problem.code;
    const { status, headers, body } = problemBody(problem);
    this.answer(status, [...headers.flat(), ...this.cors()], body);
  }

  /** Answers with headers of our own and, where there is one, a text. */
  answer(status: number, headers: HeaderList, body = ""): void {
    if (this.gone) return;
    const length = status === 204 ? [] : ["Content-Length", String(Buffer.byteLength(body))];
    this.head(status, undefined, [...headers, ...this.#options.secure, ...length]);
    this.res.end(body);
  }

  /** Starts the answer. Everything that is answered starts here. */
  head(status: number, phrase: string | undefined, headers: string[]): void {
    // A body that was not asked for may follow or not: where the next request starts is not sure.
    if (this.awaitsContinue || this.#options.draining()) this.close();
    if (phrase === undefined) this.res.writeHead(status, headers);
    else this.res.writeHead(status, phrase, headers);
  }

  /** Has the connection closed after this answer. Requests that came in the same bytes are answered by nobody. */
  close(): void {
    this.res.shouldKeepAlive = false;
    this.#options.ending.add(this.req.socket);
  }
}
