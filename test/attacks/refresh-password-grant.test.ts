// An application asks its users for their passwords and trades them in at the token endpoint. That grant is gone: people log
// in at the gateway's own login, and no spelling of the grant type brings it back.
// SECURITY: RT16 (RFC 9700 §2.4, ASVS 10.4.4).
import { expect, test } from "vitest";
import { ALICE } from "../support/people.ts";
import { attackedGateway } from "./attacked-gateway.ts";

const subject = await attackedGateway();

test.each(["password", "Password", "PASSWORD", " password"])("grant_type=%s", async (grant) => {
  const answer = await subject.browser().fetch("/oauth/token", {
    form: { grant_type: grant, client_id: "postern", username: ALICE.name, password: ALICE.password },
  });
  expect([answer.status, answer.json().error]).toEqual([400, "unsupported_grant_type"]);
  expect(answer.text).not.toContain(ALICE.password);
});
