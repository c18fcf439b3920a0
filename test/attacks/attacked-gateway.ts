import { afterAll } from "vitest";
import type { Gateway } from "../../src/app/gateway.ts";
import type { StandIns } from "../support/gateway-in-process.ts";
import type { LoginAnswer } from "../support/http-client.ts";
import { type ListeningGateway, listeningGateway, listeningNodeGateway } from "../support/listening-gateway.ts";
import { ALICE } from "../support/people.ts";

export interface AttackedGateway extends ListeningGateway {
  /** Alice's id. */
  readonly alice: string;
  /** The default of `tokens.refresh.grace`, in milliseconds. */
  readonly grace: number;
  /** What the audit trail tells of a session, oldest first. */
  audited(sid: string): Promise<readonly string[]>;
}

type Input = Readonly<Record<string, unknown>>;

/** A gateway with Alice as its user. It is closed when the test file ends. */
export const attackedGateway = (input?: Input, secret?: string, standIns?: StandIns): Promise<AttackedGateway> =>
  attacked(listeningGateway(input, secret, standIns));

/** As `attackedGateway`, in Node whatever the project names, with the gateway itself. */
export const attackedNodeGateway = (input?: Input): Promise<AttackedGateway & { readonly gateway: Gateway }> =>
  attacked(listeningNodeGateway(input));

async function attacked<G extends ListeningGateway>(starting: Promise<G>): Promise<G & AttackedGateway> {
  const gateway = await starting;
  afterAll(() => gateway.close());
  const alice = await gateway.addUser(ALICE);
  const audited = async (sid: string): Promise<readonly string[]> => {
    const records = await gateway.store.listAudit({ after: null, limit: 1000, sub: null });
    return records.filter((record) => record.sid === sid).map(({ kind }) => kind);
  };
  return { ...gateway, alice, grace: gateway.config.sessions.grace, audited };
}

/** A browser in which Alice has just logged in. */
export async function loggedIn(gateway: AttackedGateway, headers: Readonly<Record<string, string>> = {}) {
  const browser = gateway.browser(headers);
  const answer = await browser.login(ALICE.name, ALICE.password);
  if (answer.status !== 200) throw new Error(`the login was answered ${answer.status}: ${answer.text}`);
  return { browser, sid: answer.json<LoginAnswer>().session_id };
}
