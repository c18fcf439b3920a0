import { describe } from "vitest";
import { accountsContract } from "./accounts-contract.ts";
import { auditContract } from "./audit-contract.ts";
import { clientsContract } from "./clients-contract.ts";
import { feedContract } from "./feed-contract.ts";
import { keysContract } from "./keys-contract.ts";
import { limitsContract } from "./limits-contract.ts";
import { nodesContract } from "./nodes-contract.ts";
import { refreshContract } from "./refresh-contract.ts";
import { revocationContract } from "./revocation-contract.ts";
import { sessionsContract } from "./sessions-contract.ts";
import { type OpenTestStore, subjectOf } from "./subject.ts";
import { sweepContract } from "./sweep-contract.ts";

/** What every store must do, whatever it is made of. `open` gives an empty store each time. */
export function storeContract(name: string, open: OpenTestStore): void {
  describe(`the store contract on ${name}`, () => {
    const subject = subjectOf(open);
    describe("users", () => accountsContract(subject));
    describe("sessions", () => sessionsContract(subject));
    describe("refresh", () => refreshContract(subject));
    describe("revocation", () => revocationContract(subject));
    describe("the feed", () => feedContract(subject));
    describe("clients", () => clientsContract(subject));
    describe("signing keys", () => keysContract(subject));
    describe("login limits", () => limitsContract(subject));
    describe("the audit trail", () => auditContract(subject));
    describe("nodes", () => nodesContract(subject));
    describe("upkeep", () => sweepContract(subject));
  });
}
