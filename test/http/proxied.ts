import { type ListeningGateway, listeningGateway } from "../support/listening-gateway.ts";
import { ALICE } from "../support/people.ts";
import {
  OK,
  type RecordedConnection,
  type RecordedHead,
  type RecordingUpstream,
  startRecordingUpstream,
} from "../support/recording-upstream.ts";

type Answer = (connection: RecordedConnection) => void;

/** What the service sees from the moment on at which it was made. */
export interface Scene {
  readonly connections: readonly RecordedConnection[];
  heads(): RecordedHead[];
  /** Resolves with the connection of this number, counted from 0, once it is there. */
  connection(index: number): Promise<RecordedConnection>;
}

/** A gateway of the project's kind with Alice as its user, before a service that a test has answer as it likes. For all tests of a file. */
export interface Proxied {
  readonly gateway: ListeningGateway;
  readonly url: string;
  readonly port: number;
  readonly up: RecordingUpstream;
  /** Alice's id, token, and the header line that shows it. */
  readonly sub: string;
  readonly token: string;
  readonly bearer: string;
  /** From now on the service answers so. */
  scene(answer?: Answer): Scene;
  close(): Promise<void>;
}

type Input = Readonly<Record<string, unknown>>;

/** `configure` makes the configuration out of the service's URL. */
export async function startProxied(configure: (up: string) => Input): Promise<Proxied> {
  let answer: Answer = ({ socket }) => socket.end(OK);
  const up = await startRecordingUpstream((connection) => answer(connection));
  const gateway = await listeningGateway({
    ...{ issuer: "https://app.example.com", log: { level: "debug", access: true } },
    ...configure(up.url),
  });
  const sub = await gateway.addUser(ALICE);
  const browser = gateway.browser();
  const login = await browser.login(ALICE.name, ALICE.password);
  const token = browser.accessToken;
  if (token === null) throw new Error(`the login was answered ${login.status}: ${login.text}`);
  return {
    ...{ gateway, up, sub, token, url: gateway.url, port: Number(new URL(gateway.url).port) },
    ...{ bearer: `Authorization: Bearer ${token}`, close: () => gateway.close() },
    scene(next = ({ socket }) => socket.end(OK)) {
      answer = next;
      const before = up.connections.length;
      return {
        get connections() {
          return up.connections.slice(before);
        },
        heads: () => up.heads().slice(before),
        connection: (index) => up.connection(before + index),
      };
    },
  };
}
