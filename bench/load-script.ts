import type { Socket } from "node:net";
import { httpRequest, type Messages } from "./load-plan.ts";
import { type Answer, type AnswerReader, ResponseReader } from "./response-reader.ts";
import { FrameReader, frame } from "./websocket-frame.ts";

/** One connection of the load generator. */
export interface Connection {
  readonly socket: Socket;
  /** Of what it is answered now. */
  reader: AnswerReader;
  /** When the request under way was due, by performance.now(); null while idle. */
  due: number | null;
  /** Which of the refresh tokens it sent. */
  token: number;
}

/** What to send next, and what an answer changes. */
export interface Script {
  reader(): AnswerReader;
  send(connection: Connection, sent: number): void;
  answered?(connection: Connection, answer: Answer): void;
}

export function listScript({ messages, body = 0 }: Extract<Messages, { kind: "list" }>): Script {
  const bytes = Buffer.alloc(body, "x");
  return {
    reader: () => new ResponseReader(false),
    send({ socket }, sent) {
      const message = messages[sent % messages.length] ?? "";
      if (body === 0) {
        socket.write(message);
        return;
      }
      socket.cork();
      socket.write(message);
      socket.write(bytes);
      socket.uncork();
    },
  };
}

export function framesScript({ payload }: Extract<Messages, { kind: "frames" }>): Script {
  const message = frame(payload, true);
  const { length } = frame(payload, false);
  return {
    reader: () => new FrameReader(length),
    send: ({ socket }) => void socket.write(message),
  };
}

export class RefreshScript implements Script {
  readonly tokens: string[];
  renewed = 0;

  constructor({ tokens }: Extract<Messages, { kind: "refresh" }>) {
    this.tokens = [...tokens];
  }

  reader(): AnswerReader {
    return new ResponseReader(true);
  }

  send(connection: Connection, sent: number): void {
    connection.token = sent % this.tokens.length;
    const body = JSON.stringify({ refresh_token: this.tokens[connection.token] });
    connection.socket.write(httpRequest("POST", "/auth/refresh", {}, body));
  }

  answered({ token }: Connection, { body }: Answer): void {
    const { refresh_token } = JSON.parse(body.toString());
    if (refresh_token !== this.tokens[token]) this.renewed++;
    this.tokens[token] = refresh_token;
  }
}
